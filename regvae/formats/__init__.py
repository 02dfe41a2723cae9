"""What a code is: its characters, how it is read and shown, and its attributes."""
