"""`make run`: the whole house on this machine, publishing real content through the sandbox before the reader's eyes."""
