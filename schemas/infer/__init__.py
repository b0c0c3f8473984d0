"""What an unknown export holds: columns of text to a proposed shape, with what is sure and what is not."""
