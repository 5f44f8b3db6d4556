"""What of an answer's time was the store's own, over a real socket."""

import asyncio

from storetwin.http.answer import Request
from storetwin.http.egress import ANYWHERE
from storetwin.http.transport import TlsPolicy, Transport

THINKS, SENDS = 0.1, 0.2


async def slow_store(reader, writer):
    """Think, begin to answer, and take longer still to send the rest."""
    try:
        while await reader.readuntil(b"\r\n\r\n"):
            await asyncio.sleep(THINKS)
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[")
            await asyncio.sleep(SENDS)
            writer.write(b"]")
    except asyncio.IncompleteReadError:
        pass
    finally:
        writer.close()


async def test_the_store_is_answerable_for_its_thinking_and_not_for_the_way_of_the_answer():
    listener = await asyncio.start_server(slow_store, "127.0.0.1", 0)
    port = listener.sockets[0].getsockname()[1]
    transport = Transport(
        timeout=10, max_bytes=1_000, tls=TlsPolicy(), egress=ANYWHERE, user_agent="Storetwin/1"
    )
    try:
        for _ in range(2):  # over a new connection, and over the same again
            answer = await transport.send(Request("GET", f"http://127.0.0.1:{port}/"))
            assert answer.store_seconds > THINKS * 0.9
            assert answer.elapsed - answer.store_seconds > SENDS * 0.9
    finally:
        await transport.close()
        listener.close()
        await listener.wait_closed()
