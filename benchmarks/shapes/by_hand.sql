-- The peers: handwritten SELECTs for these exports, without checks of cells.

-- lines, text
SELECT
    platform, profile_id, post_id, try_cast(posted_at AS TIMESTAMP) AS posted_at, kind, caption,
    try_cast(likes AS BIGINT) AS likes, try_cast(comments AS BIGINT) AS comments
FROM read_json($file, format = 'newline_delimited', columns = {
    platform: 'VARCHAR', profile_id: 'VARCHAR', post_id: 'VARCHAR', posted_at: 'VARCHAR', kind: 'VARCHAR',
    likes: 'VARCHAR', comments: 'VARCHAR', caption: 'VARCHAR'
});

-- lines, typed
SELECT platform, profile_id, post_id, posted_at, kind, caption, likes, comments
FROM read_json($file, format = 'newline_delimited', columns = {
    platform: 'VARCHAR', profile_id: 'VARCHAR', post_id: 'VARCHAR', posted_at: 'TIMESTAMP', kind: 'VARCHAR',
    likes: 'BIGINT', comments: 'BIGINT', caption: 'VARCHAR'
});

-- pages, text
SELECT
    item ->> '$.snippet.platform' AS platform, item ->> '$.snippet.channelId' AS profile_id,
    item ->> '$.id' AS post_id, try_cast(item ->> '$.snippet.publishedAt' AS TIMESTAMP) AS posted_at,
    item ->> '$.snippet.kind' AS kind, item ->> '$.snippet.title' AS caption,
    try_cast(item ->> '$.statistics.likeCount' AS BIGINT) AS likes,
    try_cast(item ->> '$.statistics.commentCount' AS BIGINT) AS comments
FROM (
    SELECT unnest(json_extract(json, '$.data.items[*]')) AS item
    FROM read_json_objects($file, format = 'newline_delimited')
);

-- pages, typed
SELECT
    item.snippet.platform, item.snippet.channelId AS profile_id, item.id AS post_id,
    item.snippet.publishedAt AS posted_at, item.snippet.kind, item.snippet.title AS caption,
    item.statistics.likeCount AS likes, item.statistics.commentCount AS comments
FROM (
    SELECT unnest(data.items) AS item
    FROM read_json($file, format = 'newline_delimited', columns = {
        data: 'STRUCT(items STRUCT(id VARCHAR, snippet STRUCT(platform VARCHAR, channelId VARCHAR, publishedAt TIMESTAMP, kind VARCHAR, title VARCHAR), statistics STRUCT(likeCount BIGINT, commentCount BIGINT))[])'
    })
);
