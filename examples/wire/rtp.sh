#!/usr/bin/env bash
# Command mediasoup over NATS with JSON, from a shell: RTP goes into one plain transport and out of another.
#
#     tureen up                                    # in another terminal; it prints the URL of its bus
#     export NATS_URL=nats://local:…@127.0.0.1:…   # or a tenant's
#     examples/wire/rtp.sh
#
# docs/wire.md describes every command. NATS's protocol is lines of text, which bash can speak by itself; jq reads and
# writes the JSON.
set -euo pipefail
export LC_ALL=C # NATS counts bytes, and so must bash.

readonly PACKETS=50
readonly OPUS='{"kind": "audio", "mimeType": "audio/opus", "clockRate": 48000, "channels": 2}'
readonly LISTEN='{"protocol": "udp", "ip": "127.0.0.1"}'
readonly JSON=$'NATS/1.0\r\nContent-Type: application/json\r\n\r\n'

fail() {
    echo "$1" >&2
    exit 1
}

[[ ${NATS_URL:-nats://127.0.0.1:4222} =~ ^nats://(([^:@]*):([^@]*)@)?([^:]+):([0-9]+)/?$ ]] ||
    fail "NATS_URL is to be nats://user:password@host:port"
export USER_NAME=${BASH_REMATCH[2]} PASSWORD=${BASH_REMATCH[3]}
exec {nats}<>"/dev/tcp/${BASH_REMATCH[4]}/${BASH_REMATCH[5]}"
# Tenant acme has a user tenant-acme; with a user of another name TENANT says whose objects these are.
[[ $USER_NAME == tenant-* ]] && tenant=${USER_NAME#tenant-} || tenant=default
tenant=${TENANT:-$tenant}
# Answers come to an inbox of the tenant's own; to the default one any client may listen.
[[ $tenant == default ]] && inbox=_INBOX || inbox=tureen.v1.$tenant.inbox.$USER_NAME
inbox+=.$(head -c 12 /dev/urandom | od -An -tx1 | tr -d ' \n')
jq -cn '{user: env.USER_NAME, pass: env.PASSWORD, verbose: true, headers: true, no_responders: true}' |
    sed 's/.*/CONNECT &\r/' >&"$nats"
until [[ ${said:-} == +OK* ]]; do
    read -r -t 5 -u "$nats" said || fail "the NATS server does not answer"
    [[ $said != -ERR* ]] || fail "the NATS server says $said"
done
printf 'SUB %s 1\r\n' "$inbox" >&"$nats"

# ask SUBJECT [PAYLOAD]: send a command and print the answer.
ask() {
    local payload=${2:-'{}'} line message headers
    printf 'HPUB tureen.v1.%s.%s %s %d %d\r\n%s%s\r\n' "$tenant" "$1" "$inbox" \
        ${#JSON} $((${#JSON} + ${#payload})) "$JSON" "$payload" >&"$nats"
    while read -r -t 5 -u "$nats" -a line; do
        case ${line[0]} in
            PING*) printf 'PONG\r\n' >&"$nats" ;;
            -ERR) fail "NATS says ${line[*]}" ;;
            HMSG) # The subject, the subscription, the bytes of headers, and all bytes.
                read -r -N "$((${line[4]%$'\r'}))" -u "$nats" message
                headers=${message:0:line[3]}
                [[ $headers != "NATS/1.0 503"* ]] || fail "nobody answers $1"
                [[ $headers != *Nats-Service-Error-Code* ]] || fail "$1: ${message:line[3]}"
                echo "${message:line[3]}"
                return
                ;;
        esac
    done
    fail "no answer from $1"
}

id() { jq -r .id; }

node=node.$(ask placement.worker.place | jq -r .nodeId)
worker=$(ask "$node.mediasoup.createWorker" | id)
# With the worker goes everything that was made on it.
trap 'ask "$node.worker.close" "{\"workerId\": \"$worker\"}" >/dev/null' EXIT

router=$(ask "$node.worker.createRouter" "{\"workerId\": \"$worker\", \"mediaCodecs\": [$OPUS]}")
# With comedia a transport deals with whoever sends to it first; without rtcpMux RTCP goes to a port of its own.
create=$(jq -n --argjson router "$router" --argjson listenInfo "$LISTEN" \
    '{routerId: $router.id, $listenInfo, comedia: true, rtcpMux: false}')
entrance=$(ask "$node.router.createPlainTransport" "$create")
way_out=$(ask "$node.router.createPlainTransport" "$create")
exec {sender}<>"/dev/udp/127.0.0.1/$(jq .tuple.localPort <<<"$entrance")"
exec {receiver}<>"/dev/udp/127.0.0.1/$(jq .tuple.localPort <<<"$way_out")"

# send NUMBER WHERE: send an RTP packet: version 2, payload type, sequence number, timestamp, SSRC, and something to know
# it by. bash would write what follows a line feed on its own; dd makes one datagram of it.
send() {
    local number
    number=$(printf '\\x%02x\\x%02x' $(($1 >> 8)) $(($1 & 255)))
    printf '\x80\x64%b\0%b\0\0\xa9\x8a\xc7packet %04d' "$number" "$number" "$1" | dd obs=2048 status=none >&"$2"
}

# The way out learns by a first packet where to send to.
send 0 "$receiver"
until ask "$node.transport.getStats" "{\"transportId\": $(jq .id <<<"$way_out")}" |
    jq -e '.stats[0].tuple.remotePort' >/dev/null; do sleep 0.05; done

produce=$(jq -n --argjson transport "$entrance" --argjson opus "$OPUS" '{transportId: $transport.id, kind: "audio",
    rtpParameters: {codecs: [$opus + {payloadType: 100} | del(.kind)], encodings: [{ssrc: 11111111}]}}')
producer=$(ask "$node.transport.produce" "$produce" | id)
consume=$(jq -n --argjson transport "$way_out" --arg producerId "$producer" --argjson router "$router" \
    '{transportId: $transport.id, $producerId, rtpCapabilities: $router.rtpCapabilities}')
ask "$node.transport.consume" "$consume" >/dev/null

for ((number = 1; number <= PACKETS; number++)); do send "$number" "$sender"; done
came=$(timeout 10 dd bs=2048 count="$PACKETS" status=none <&"$receiver" | grep -ao 'packet [0-9]*' || true)
order=in
[[ $came == "$(seq -f 'packet %04g' "$PACKETS")" ]] || order="out of"
echo "$(grep -c packet <<<"$came") of $PACKETS packets came through ${node#node.}, $order order"
