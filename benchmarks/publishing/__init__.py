"""Publishing of a million profiles, compared with plain CREATE TABLE AS over the same lake."""
