"""What tests are made of: invented exports, homes, and servers on loopback."""
