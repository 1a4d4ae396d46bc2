"""The dissector: pure, standard library only; peer bytes never raise.

From the bottom up: :mod:`fields` and :mod:`cursor` name bytes; :mod:`frames`, :mod:`codes` and
:mod:`building` are one WebSocket frame; :mod:`heads`, :mod:`lines`, :mod:`bodies`, :mod:`sse` and
:mod:`http1` one HTTP/1.1 message; :mod:`index` finds boundaries as columns; :mod:`lane` (with
:mod:`walk`, :mod:`walk_lines`, :mod:`walk_http`) walks one direction, :mod:`resync` finds its
frames again after lost bytes, :mod:`conversation` walks both;
:mod:`messages` and :mod:`deflate` reassemble and inflate; :mod:`context` and :mod:`http_context`
add the rules that only the stream can tell; :mod:`handshake` (with :mod:`accept`, :mod:`musts`,
:mod:`negotiation`) checks the opening; :mod:`views` makes content readable; :mod:`summary` says
it in one line; :mod:`explain` says what it means.

Bounds on hostile input; whatever comes, time is linear in the bytes, and

======================================  =====================================================
a frame that claims 2^63 bytes          costs nothing until its bytes come; then those bytes
a head longer than 256 KiB              stays undissected (ten million headers do not parse)
a start line longer than 8 KiB          is none
a chunk's size and extensions > 4 KiB   end the message as malformed
what cannot be read                     becomes undissected units of 64 KiB at most
a message that inflates past 32 MiB     is cut there, and its window is given up
going back in compressed messages       inflates 256 KiB of frames again at most
JSON over 1 MiB or 64 levels deep       is shown as text
frames after lost bytes                 are looked for in 1 MiB; what follows stays undissected
one byte a segment                      21 bytes of bookkeeping each in a capture
======================================  =====================================================
"""
