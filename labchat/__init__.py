"""labchat"""
