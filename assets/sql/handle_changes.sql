-- One row per account whose handle differs from that of the snapshot before.
--
-- Inputs: history.
SELECT platform, profile_id, snapshot_date, handle_before
FROM history
WHERE handle_before IS NOT NULL;
