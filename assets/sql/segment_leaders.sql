-- The first 40 micro-influencers of every segment.
--
-- Inputs: segment_ranks.

SELECT dimension, segment, place, platform, profile_id, score
FROM segment_ranks
WHERE place <= 40
ORDER BY dimension, segment, place;
