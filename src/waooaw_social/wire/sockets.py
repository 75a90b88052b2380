"""What every socket of ours is given, and the one question that only the kernel can answer.

A request that we have given up must not be delivered minutes later, by nobody's decision: neither by the kernel after a timeout, nor
after the process was killed.
"""

import asyncio
import select
import socket
import struct
from typing import TypeAlias

SocketOption: TypeAlias = tuple[int, int, int] | tuple[int, int, bytes]


def socket_options(user_timeout: float) -> list[SocketOption]:
    """Closing sends a reset and throws away what still waits to be sent; what is not acknowledged for `user_timeout` seconds ends the
    connection. Both hold where the process was killed or frozen."""
    options: list[SocketOption] = [(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))]
    if hasattr(socket, "TCP_USER_TIMEOUT"):  # Linux
        options.append((socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(user_timeout * 1000)))
    return options


def hung_up(transport: asyncio.BaseTransport | None) -> bool:
    """True if the other side has closed, also where the event loop has not got round to noticing: after a freeze, for instance."""
    if transport is None:
        return False
    if transport.is_closing():
        return True
    sock = transport.get_extra_info("socket")
    if sock is None or not hasattr(select, "POLLRDHUP"):
        return False
    poll = select.poll()
    poll.register(sock.fileno(), select.POLLRDHUP)
    return bool(poll.poll(0))
