-- One row per account whose handle differs from that of the snapshot before.
--
-- Inputs: history.
SELECT platform, profile_id, snapshot_date, previous_handle
FROM history
WHERE previous_handle IS NOT NULL;
