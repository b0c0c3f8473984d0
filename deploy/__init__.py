"""What goes to the machine that runs smallvoices every night, and what that machine is given to trust."""
