-- Synthetic profiles with `posts_each` posts on average (one to twice as many), as NDJSON in the plain
-- `smallvoices` shape. Every value is a function of hash(row, salt), so the same arguments
-- write the same bytes on any machine and with any number of threads.
--
-- Parameters (set as DuckDB variables before this file runs): accounts, posts_each, snapshot_date,
-- directory.

CREATE OR REPLACE MACRO uniform(i, salt) AS ((hash(i, salt) >> 11)::DOUBLE + 0.5) / 9007199254740992.0;
CREATE OR REPLACE MACRO normal(i, salt) AS
    sqrt(-2 * ln(uniform(i, salt || 'a'))) * cos(2 * pi() * uniform(i, salt || 'b'));

-- Half of the accounts have under 4,000 followers, one in a thousand over a million.
CREATE OR REPLACE TEMP TABLE account AS
SELECT
    i,
    greatest(12, exp(8.3 + 1.8 * normal(i, 'followers')))::BIGINT AS followers,
    1 + (hash(i, 'posts') % (2 * getvariable('posts_each') - 1))::BIGINT AS posts,
    0.35 * normal(i, 'typical') AS typical
FROM range(getvariable('accounts')) AS accounts (i);

COPY (
    SELECT
        ['instagram', 'tiktok'][1 + (i % 2)::INT] AS platform,
        (17841400000000000 + i * 7919)::VARCHAR AS profile_id,
        'voice_' || i AS handle,
        'Voice ' || i AS display_name,
        'https://example.com/voice_' || i AS profile_url,
        followers,
        (80 + hash(i, 'following') % 1400)::BIGINT AS following,
        posts * 9 AS posts_count,
        hash(i, 'verified') % 50 = 0 AS is_verified,
        ['food', 'travel', 'fitness', 'books', 'gardening', 'parenting'][1 + (hash(i, 'sector') % 6)::INT] AS sector,
        ['FR', 'DE', 'ES', 'IT', 'PL', 'NL'][1 + (hash(i, 'country') % 6)::INT] AS country,
        getvariable('snapshot_date')::VARCHAR || 'T01:00:00Z' AS captured_at
    FROM account
    ORDER BY i
) TO (getvariable('directory') || '/profiles.ndjson') (FORMAT json);

COPY (
    SELECT
        ['instagram', 'tiktok'][1 + (i % 2)::INT] AS platform,
        (17841400000000000 + i * 7919)::VARCHAR AS profile_id,
        (i * 100 + j)::VARCHAR AS post_id,
        strftime(
            getvariable('snapshot_date')::TIMESTAMP - to_seconds((86400 * (0.4 + j * 63.6 / getvariable('posts_each') + 4 * uniform(i * 100 + j, 'when')))::BIGINT),
            '%Y-%m-%dT%H:%M:%SZ'
        ) AS posted_at,
        ['image', 'reel', 'carousel'][1 + (hash(i * 100 + j, 'kind') % 3)::INT] AS kind,
        (followers * 0.9 * exp(-2.6 - 0.12 * ln(followers) / 2 + typical + 0.6 * normal(i * 100 + j, 'likes')))::BIGINT AS likes,
        (followers * 0.03 * exp(-2.6 - 0.12 * ln(followers) / 2 + typical + 0.8 * normal(i * 100 + j, 'comments')))::BIGINT AS comments,
        'Post ' || j AS caption
    FROM account, range(account.posts) AS posts (j)
    ORDER BY i, j
) TO (getvariable('directory') || '/posts.ndjson') (FORMAT json);
