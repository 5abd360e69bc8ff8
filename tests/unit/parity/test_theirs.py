from __future__ import annotations

import pytest
from tests.unit.parity.conftest import MakeProgram

from parity.facts import Fact
from parity.program import Program
from parity.theirs import Mediasoup
from parity.tokens import DeclarationError

EVENTS = "import { EventEmitter } from 'node:events'; export declare class EnhancedEventEmitter extends EventEmitter {}"
INDEX = "export type * as types from './types';"
TYPES = "export type * from './ThingTypes';"
THING = """
import type { EnhancedEventEmitter } from './enhancedEvents';
export type Mode = 'fast' | 'slow';
export type ThingOptions = { mode?: Mode; webRtcServerId: string };
export type ThingDump = { id: string; parts: { key: string }[]; note?: unknown };
export type ThingEvents = { done: [ThingDump, number?]; '@close': [] };
export type ThingObserver = EnhancedEventEmitter<ThingObserverEvents>;
export type ThingObserverEvents = { close: [] };
export interface Thing<T> extends EnhancedEventEmitter<ThingEvents> {
    get id(): string;
    get appData(): T;
    set appData(appData: T);
    /** @private */
    closed(): void;
    /** @privateRemarks */
    dump(): Promise<ThingDump>;
    createWebRtcThing(options: ThingOptions): Promise<Thing>;
    setMode(mode: Mode): void;
    connect({ ip, port, }: { ip: string; port?: number }): void;
}
"""


def facts(program: Program) -> dict[tuple[str, str], Fact]:
    """List what is offered, by kind and path."""
    return {fact.key: fact for fact in Mediasoup(program, lambda _: False).facts()}


@pytest.fixture
def listed(program: MakeProgram) -> dict[tuple[str, str], Fact]:
    """What the declarations above offer."""
    return facts(program(index=INDEX, types=TYPES, ThingTypes=THING, enhancedEvents=EVENTS))


def test_everything_public_is_listed(listed: dict[tuple[str, str], Fact]) -> None:
    """Classes with their members, options and events, structures and unions are listed; private ones are not."""
    assert {f"{kind} {path}" for kind, path in listed} == {
        "class Thing",
        "property Thing.id",
        "property Thing.app_data",
        "property Thing.app_data =",
        "method Thing.dump",
        "method Thing.create_webrtc_thing",
        "option Thing.create_webrtc_thing(mode)",
        "option Thing.create_webrtc_thing(webrtc_server_id)",
        "method Thing.set_mode",
        "option Thing.set_mode(mode)",
        "method Thing.connect",
        "option Thing.connect(ip)",
        "option Thing.connect(port)",
        "event Thing done",
        "observer event Thing close",
        "union Mode",
        "value Mode 'fast'",
        "value Mode 'slow'",
        "structure ThingDump",
        "field ThingDump.id",
        "field ThingDump.parts",
        "field ThingDump.note",
    }


@pytest.mark.parametrize(
    ("kind", "path", "description"),
    [
        ("property", "Thing.app_data", "any"),
        ("method", "Thing.dump", "awaited {id: text, parts: [{key: text}], note?: any}"),
        ("option", "Thing.create_webrtc_thing(mode)", "optional 'fast' | 'slow'"),
        ("option", "Thing.create_webrtc_thing(webrtc_server_id)", "text"),
        ("option", "Thing.connect(port)", "optional number"),
        ("field", "ThingDump.note", "optional any"),
        ("event", "Thing done", "({id: text, parts: [{key: text}], note?: any}, none | number)"),
    ],
)
def test_types_are_listed(kind: str, path: str, description: str, listed: dict[tuple[str, str], Fact]) -> None:
    """Each fact has its type, and whether it may be left out or has to be awaited."""
    assert listed[(kind, path)].describe() == description


@pytest.mark.parametrize(
    ("index", "extra"),
    [
        ("export * as more from './types';", ""),
        (INDEX, "export type LostEvents = { x: [] };"),
        (INDEX, "export type LostOptions = { x: string };"),
        (INDEX, "export type Lost = () => void extends string;"),
        (INDEX, "export type Lost = [string];"),
        (INDEX, "export interface Index { more: string }"),
        (INDEX, "export enum Lost { A }"),
    ],
)
def test_what_is_not_foreseen_is_refused(index: str, extra: str, program: MakeProgram) -> None:
    """Other modules, events of no class, options of no method and unknown types are errors."""
    made = program(index=index, types=TYPES, ThingTypes=THING + extra, enhancedEvents=EVENTS)
    with pytest.raises(DeclarationError):
        facts(made)
