-- Contact addresses of the newest date.
--
-- Inputs: profiles, contacts_wanted (one row where they may be published, else none).

SELECT
    profiles.platform,
    profiles.profile_id,
    profiles.handle,
    profiles.contact_email,
    profiles.snapshot_date,
    profiles.source,
    profiles.landed_file,
    profiles.landed_row
FROM profiles
CROSS JOIN contacts_wanted
WHERE profiles.contact_email IS NOT NULL
ORDER BY profiles.platform, profiles.profile_id;
