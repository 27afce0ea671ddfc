"""A server of protocol 003 on strings, on python-socketio as the document's own: rooms, acknowledged requests, events in envelopes.

    python3 swe.py [TRANSPORT]    on a free port; says { listening }. The good token is `let me in`; TRANSPORT: the only one

Says { connected }, { refused }, { event, args }, { disconnected } and does { emit, args }, { disconnect }, one JSON object a line.
"""

import asyncio
import json
import sys
from datetime import datetime, timezone

import socketio
from aiohttp import web

GOOD = "let me in"


def say(**value):
    print(json.dumps(value), flush=True)


def envelope(kind, data):
    return {"type": kind, "timestamp": datetime.now(timezone.utc).isoformat(), "data": data}


class Swe(socketio.AsyncNamespace):
    async def trigger_event(self, event, *args):
        if hasattr(self, f"on_{event}"):
            return await super().trigger_event(event, *args)
        say(event=event, args=args[1:])

    async def on_connect(self, sid, environ, auth):
        if (auth or {}).get("token") != GOOD:
            say(refused=auth)
            error = {"error_code": "AUTH_FAILED", "error_message": "Invalid or expired token", "connection_id": None}
            await self.emit("connection_error", envelope("connection.error", error), to=sid)
            asyncio.get_running_loop().create_task(self.disconnect(sid))
            return
        say(connected={})
        # python-socketio sends this before its word that the namespace is joined.
        data = {"connection_id": sid, "user_id": "550e8400", "protocol_version": "1.0"}
        await self.emit("connection_established", envelope("connection.established", data), to=sid)

    def on_disconnect(self, sid, reason=None):
        say(disconnected=str(reason))

    async def on_subscribe(self, sid, data):
        say(event="subscribe", args=[data])
        if data["room"] == "project:secret":
            error = {"error_code": "ROOM_ACCESS_DENIED", "error_message": "Access denied to room"}
            return {"status": "error", "room": data["room"], **error}
        await self.enter_room(sid, data["room"])
        return {"status": "success", "room": data["room"]}

    async def on_ping(self, sid, data):
        say(event="ping", args=[data])
        return {"status": "pong"}


async def main(*transports):
    server = socketio.AsyncServer(
        async_mode="aiohttp", namespaces=["/ws"], transports=list(transports) or None
    )
    server.register_namespace(Swe("/ws"))
    app = web.Application()
    server.attach(app)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    say(listening=runner.addresses[0][1])
    while line := await asyncio.to_thread(sys.stdin.readline):
        order = json.loads(line)
        if order.get("disconnect"):
            for sid, _ in list(server.manager.get_participants("/ws", None)):
                await server.disconnect(sid, namespace="/ws")
        else:
            await server.emit(order["emit"], *order["args"], namespace="/ws", room=order.get("room"))


asyncio.run(main(*sys.argv[1:]))
