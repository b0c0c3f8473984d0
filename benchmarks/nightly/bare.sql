-- The peer: a minimal script that ranks the same export without validation, reconciliation, provenance, intervals or
-- publishing protocol: parse, Parquet, group, rank, write.
COPY (
    FROM read_json(getvariable('directory') || '/posts.ndjson', format = 'newline_delimited', columns = {
        platform: 'VARCHAR', profile_id: 'VARCHAR', post_id: 'VARCHAR', posted_at: 'TIMESTAMP', kind: 'VARCHAR',
        likes: 'BIGINT', comments: 'BIGINT', caption: 'VARCHAR'
    })
) TO (getvariable('output') || '/posts.parquet') (FORMAT parquet);

COPY (
    FROM read_json(getvariable('directory') || '/profiles.ndjson', format = 'newline_delimited', columns = {
        platform: 'VARCHAR', profile_id: 'VARCHAR', handle: 'VARCHAR', display_name: 'VARCHAR', profile_url: 'VARCHAR',
        followers: 'BIGINT', following: 'BIGINT', posts_count: 'BIGINT', is_verified: 'BOOLEAN', sector: 'VARCHAR',
        country: 'VARCHAR', captured_at: 'TIMESTAMP'
    })
) TO (getvariable('output') || '/profiles.parquet') (FORMAT parquet);

CREATE TABLE pub.ranked AS
WITH grouped AS (
    SELECT platform, profile_id, count(*) AS posts, median(likes + comments) AS engagement
    FROM read_parquet(getvariable('output') || '/posts.parquet')
    GROUP BY platform, profile_id
)
SELECT
    row_number() OVER (ORDER BY engagement / nullif(followers, 0) DESC, platform, profile_id) AS rank,
    profiles.*,
    engagement / nullif(followers, 0) AS engagement_ratio,
    posts
FROM read_parquet(getvariable('output') || '/profiles.parquet') AS profiles
JOIN grouped USING (platform, profile_id)
ORDER BY rank;
