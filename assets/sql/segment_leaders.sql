-- The first 40 micro-influencers of every segment.
--
-- Inputs: segment_ranks.

SELECT dimension, segment, rank_in_segment, platform, profile_id, score
FROM segment_ranks
WHERE rank_in_segment <= 40
ORDER BY dimension, segment, rank_in_segment;
