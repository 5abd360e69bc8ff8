// Command mediasoup over NATS from JavaScript: RTP goes into one plain transport and out of another.
//
//     tureen up                                    # in another terminal; it prints the URL of its bus
//     export NATS_URL=nats://local:…@127.0.0.1:…   # or a tenant's
//     cd examples/wire && npm ci && node rtp.mjs
//
// docs/wire.md describes every command.

import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

import { decode, encode } from '@msgpack/msgpack';
import { connect } from '@nats-io/transport-node';

const PACKETS = 50;
const listenInfo = { protocol: 'udp', ip: '127.0.0.1' };
const opus = { mimeType: 'audio/opus', clockRate: 48000, channels: 2 };
const rtpParameters = { codecs: [{ ...opus, payloadType: 100 }], encodings: [{ ssrc: 11111111 }] };

const url = new URL(process.env.NATS_URL ?? 'nats://127.0.0.1:4222');
const user = url.username || undefined;
// Tenant acme has a user tenant-acme; with a user of another name TENANT says whose objects these are.
const tenant = process.env.TENANT ?? user?.match(/^tenant-(.+)/)?.[1] ?? 'default';
// Answers come to an inbox of the tenant's own; to the default one any client may listen.
const inboxPrefix = tenant === 'default' ? '_INBOX' : `tureen.v1.${tenant}.inbox.${user}`;
const bus = await connect({ servers: url.host, user, pass: url.password || undefined, inboxPrefix });

// Send a command and return the answer, a map in msgpack as the command's payload is.
async function ask(subject, payload = {}) {
  const reply = await bus.request(`tureen.v1.${tenant}.${subject}`, encode(payload), { timeout: 5000 });
  const answer = decode(reply.data);
  if (reply.headers?.has('Nats-Service-Error-Code')) {
    throw new Error(`${answer.code} ${answer.type}: ${answer.message} (trace ${answer.traceId})`);
  }
  return answer;
}

// Send RTP into a router of the worker, and return the packets that come out.
async function passThrough(node, workerId) {
  const mediaCodecs = [{ kind: 'audio', ...opus }];
  const router = await ask(`${node}.worker.createRouter`, { workerId, mediaCodecs });
  const create = { routerId: router.id, listenInfo };
  // With comedia a transport takes RTP from whoever sends first; the other one is told where to send to.
  const entrance = await ask(`${node}.router.createPlainTransport`, { ...create, comedia: true });
  const wayOut = await ask(`${node}.router.createPlainTransport`, create);
  const receiver = createSocket('udp4').bind(0, '127.0.0.1');
  const sender = createSocket('udp4');
  try {
    await once(receiver, 'listening');
    const { address: ip, port } = receiver.address();
    await ask(`${node}.transport.connect`, { transportId: wayOut.id, ip, port });
    const produce = { transportId: entrance.id, kind: 'audio', rtpParameters };
    const producer = await ask(`${node}.transport.produce`, produce);
    const consume = { producerId: producer.id, rtpCapabilities: router.rtpCapabilities };
    const consumer = await ask(`${node}.transport.consume`, { transportId: wayOut.id, ...consume });
    const arriving = arrived(receiver, consumer.rtpParameters.encodings[0].ssrc);
    for (let number = 0; number < PACKETS; number += 1) {
      sender.send(packet(number), entrance.tuple.localPort, '127.0.0.1');
      await sleep(5);
    }
    return await arriving;
  } finally {
    sender.close();
    receiver.close();
  }
}

const label = (number) => `packet ${String(number).padStart(4, '0')}`;

// An RTP packet: version 2, payload type, sequence number, timestamp, SSRC, and something to know it by.
function packet(number) {
  const header = Buffer.alloc(12);
  header.writeUInt8(0x80, 0);
  header.writeUInt8(100, 1);
  header.writeUInt16BE(number, 2);
  header.writeUInt32BE(number * 960, 4);
  header.writeUInt32BE(11111111, 8);
  return Buffer.concat([header, Buffer.from(label(number))]);
}

// Take so many packets of the consumer's stream; RTCP, which comes to the same port, has other first bytes.
function arrived(receiver, ssrc) {
  return new Promise((resolve, reject) => {
    const packets = [];
    const patience = setTimeout(() => reject(new Error(`${packets.length} of ${PACKETS} packets came through`)), 10000);
    receiver.on('message', (data) => {
      const isRtcp = data[1] >= 192 && data[1] <= 223;
      if (!isRtcp && data.readUInt32BE(8) === ssrc && packets.push(data) === PACKETS) {
        clearTimeout(patience);
        resolve(packets);
      }
    });
  });
}

try {
  const { nodeId } = await ask('placement.worker.place');
  const node = `node.${nodeId}`;
  const worker = await ask(`${node}.mediasoup.createWorker`);
  let packets;
  try {
    packets = await passThrough(node, worker.id);
  } finally {
    // With the worker goes everything that was made on it.
    await ask(`${node}.worker.close`, { workerId: worker.id });
  }
  const inOrder = packets.every((data, number) => data.subarray(-11).toString() === label(number));
  console.log(`${packets.length} of ${PACKETS} packets came through ${nodeId}, ${inOrder ? 'in' : 'out of'} order`);
} finally {
  await bus.close();
}
