-- Most shapes that references between tables take, in a dozen tables.
CREATE TABLE organisations (id bigint PRIMARY KEY, name text NOT NULL, owner_id bigint);
CREATE TABLE users (
    id bigint PRIMARY KEY,
    organisation_id bigint NOT NULL REFERENCES organisations ON DELETE RESTRICT,
    email varchar(80) NOT NULL UNIQUE CHECK (position('@' IN email) > 1),
    phone text, password text NOT NULL, joined date NOT NULL
);
ALTER TABLE organisations ADD FOREIGN KEY (owner_id) REFERENCES users DEFERRABLE INITIALLY DEFERRED;
CREATE TABLE profiles (user_id bigint PRIMARY KEY REFERENCES users ON DELETE CASCADE, data jsonb NOT NULL);
CREATE TABLE memberships (
    organisation_id bigint REFERENCES organisations, user_id bigint REFERENCES users ON DELETE RESTRICT,
    PRIMARY KEY (organisation_id, user_id)
);
CREATE TABLE permissions (
    organisation_id bigint, user_id bigint, permission text,
    FOREIGN KEY (organisation_id, user_id) REFERENCES memberships, PRIMARY KEY (organisation_id, user_id, permission)
);
CREATE TABLE sessions (id bigint PRIMARY KEY, user_id bigint NOT NULL REFERENCES users, ip inet, at timestamptz);
CREATE INDEX ON sessions (user_id);
CREATE TABLE events (user_id bigint REFERENCES users ON DELETE SET NULL, at timestamptz NOT NULL, path text)
    PARTITION BY RANGE (at);
CREATE TABLE events_old PARTITION OF events FOR VALUES FROM ('2000-01-01') TO ('2020-01-01');
CREATE TABLE events_new PARTITION OF events FOR VALUES FROM ('2020-01-01') TO ('2040-01-01');
CREATE TABLE comments (
    id bigint PRIMARY KEY, author_id bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    parent_id bigint REFERENCES comments ON DELETE CASCADE, body text NOT NULL
);
CREATE TABLE views (user_id bigint NOT NULL, path text);
CREATE SCHEMA "Legacy";
CREATE TABLE "Legacy"."User Notes" ("UserId" bigint REFERENCES users ON DELETE SET NULL, "Body" text NOT NULL);
CREATE TABLE courses (id bigint PRIMARY KEY, author_id bigint REFERENCES users ON DELETE CASCADE, title text);
CREATE TABLE leads (id bigint PRIMARY KEY, email text, friends text[] NOT NULL DEFAULT '{}');
