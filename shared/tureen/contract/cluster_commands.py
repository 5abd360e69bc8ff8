"""The commands between the operator's services, and those of placement."""

from __future__ import annotations

from tureen.contract import cluster, decisions, pipes, rooms
from tureen.contract.command import Audience, Command, between_services, of_placement
from tureen.contract.errors import Conflict, NoCapacity, NotFound, Stale, Unsupported, WorkerClosed

BETWEEN: tuple[Command, ...] = (
    between_services(
        "room.update",
        "Hand an agent a room's newest record; its routers that the record does not list any more are closed.",
        rooms.RoomRecord,
        errors=(Stale, Unsupported, WorkerClosed),
    ),
    between_services(
        "transport.find",
        "Ask an agent whether it holds a transport, and what that has booked.",
        decisions.TransportFind,
        decisions.TransportPlace,
        (NotFound,),
    ),
    between_services("inventory.get", "Have an agent publish what it holds.", cluster.InventoryGet),
    between_services(
        "pipe.pull",
        "Bring a producer to a router of yours, from the router named: one hop.",
        pipes.PipePull,
        pipes.PipePulled,
        (NotFound, Conflict, WorkerClosed, NoCapacity, Stale),
        "routerId",
    ),
    between_services(
        "pipe.serve",
        "Let a router of mine have a producer that a router of yours holds.",
        pipes.PipeServe,
        pipes.PipeServed,
        (NotFound, Conflict, WorkerClosed, NoCapacity),
        "routerId",
    ),
    between_services("pipe.state", "Tell the whole state of what is served; only the newest counts.", pipes.PipeState),
    between_services(
        "pipe.messages",
        "Carry messages of a pull over the bus, from source to puller, in order.",
        pipes.PipeMessages,
        errors=(NotFound, Conflict, WorkerClosed),
    ),
    between_services("pipe.release", "Tell the source that a pull ended or was given up.", pipes.PipeRelease),
    between_services(
        "pipe.list", "List the pulls between an agent and the asker, a page at a time.", pipes.PipeList, pipes.PipePage
    ),
    between_services(
        "pipe.find", "Ask an agent which of its routers hold a producer.", pipes.PipeFind, pipes.PipeFound
    ),
)

PLACEMENT: tuple[Command, ...] = (
    of_placement(
        "room.create",
        "Make a room; asked again with the same options it is the same room.",
        rooms.RoomCreate,
        rooms.RoomInfo,
        (Conflict, Stale, Unsupported),
    ),
    of_placement("room.get", "Tell what a room is.", rooms.RoomRef, rooms.RoomInfo, (NotFound,)),
    of_placement("room.list", "List the tenant's rooms, a page at a time.", rooms.RoomList, rooms.RoomPage),
    of_placement(
        "room.update",
        "Change a room's codecs or policy; what is left out stays.",
        rooms.RoomUpdate,
        rooms.RoomInfo,
        (NotFound, Conflict, Stale, Unsupported),
    ),
    of_placement(
        "room.close",
        "Close a room and all that is in it; one that is closed, or never was, is closed as well.",
        rooms.RoomRef,
        errors=(Conflict, Stale),
    ),
    of_placement(
        "room.place",
        "Ask where a new transport of a room goes. The create carries the grant.",
        rooms.RoomPlace,
        rooms.RoomPlaced,
        (NotFound, Conflict, Stale, WorkerClosed, NoCapacity),
    ),
    of_placement(
        "room.route",
        "Ask by which path a router of a room gets a producer.",
        rooms.RoomRoute,
        rooms.RoomPath,
        (NotFound,),
    ),
    of_placement(
        "room.why",
        "Ask why transports of a room are where they are, or why one is; a person's `tureen why` asks it.",
        decisions.RoomWhy,
        decisions.RoomWhyAnswer,
        (NotFound,),
    ),
    of_placement(
        "worker.place",
        "Ask for a node that can start a worker of the caller's own.",
        rooms.WorkerPlace,
        rooms.WorkerPlaced,
        (NoCapacity,),
    ),
    of_placement(
        "worker.list",
        "List the workers on which rooms may run, those of silent nodes apart, a page at a time.",
        cluster.WorkerList,
        cluster.WorkerPage,
    ),
    of_placement("node.list", "List the nodes.", cluster.NodeList, cluster.NodePage, audience=Audience.SYSTEM),
    of_placement(
        "node.drain",
        "Let a node take nothing new.",
        cluster.NodeRef,
        errors=(NotFound,),
        audience=Audience.SYSTEM,
    ),
    of_placement(
        "node.undrain",
        "Let a drained node take new things again.",
        cluster.NodeRef,
        errors=(NotFound,),
        audience=Audience.SYSTEM,
    ),
)
