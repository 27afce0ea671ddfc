"""An official Socket.IO client of Python on strings, as peer.mjs is one of Node.js.

    python3 peer.py URL TOKEN [NAMESPACE]

Says { connected }, { disconnected }, { refused }, { event, args } and does { emit, args }, { disconnect }, one JSON object a line.
"""

import asyncio
import json
import sys

import socketio


def say(**value):
    print(json.dumps(value), flush=True)


async def main(url, token, namespace="/"):
    client = socketio.AsyncClient(reconnection=False)
    client.on("connect", lambda: say(connected={}), namespace)
    client.on("disconnect", lambda *reason: say(disconnected=list(reason)), namespace)
    client.on("connect_error", lambda error: say(refused=error), namespace)
    client.on("*", lambda event, *args: say(event=event, args=args), namespace)
    await client.connect(url, auth={"token": token}, namespaces=[namespace])
    while line := await asyncio.to_thread(sys.stdin.readline):
        order = json.loads(line)
        if order.get("disconnect"):
            await client.disconnect()
        else:
            await client.emit(order["emit"], tuple(order["args"]), namespace)


asyncio.run(main(*sys.argv[1:]))
