"""labchat: see, step, break and measure what a real-time chat says on the wire."""
