-- The application database of Training Tracker, as the sandbox has it: every shape of foreign key
-- that PostgreSQL knows, partitions, tables without a primary key, JSON, arrays, enums and checks.

CREATE TYPE plan_tier AS ENUM ('trial', 'team', 'enterprise');
CREATE TYPE user_status AS ENUM ('invited', 'active', 'deactivated');
CREATE TYPE enrolment_status AS ENUM ('assigned', 'started', 'completed', 'expired');

CREATE TABLE schema_migrations (version bigint PRIMARY KEY);
CREATE TABLE feature_flags (key text PRIMARY KEY, enabled boolean NOT NULL DEFAULT false, notes text);
CREATE TABLE products (code text PRIMARY KEY, name text NOT NULL, price_cents integer NOT NULL CHECK (price_cents >= 0));
CREATE TABLE tags (id integer PRIMARY KEY, name text NOT NULL UNIQUE);

-- organisations and users point at each other: a cycle, broken by a deferrable constraint
CREATE TABLE organisations (
    id bigint PRIMARY KEY,
    name text NOT NULL,
    slug text NOT NULL UNIQUE,
    tier plan_tier NOT NULL DEFAULT 'trial',
    owner_id bigint,
    billing_email text,
    cc_emails text[] NOT NULL DEFAULT '{}',
    address jsonb,
    user_count integer NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL
);

CREATE TABLE users (
    id bigint PRIMARY KEY,
    organisation_id bigint NOT NULL REFERENCES organisations ON DELETE RESTRICT,
    email text NOT NULL UNIQUE CHECK (position('@' IN email) > 1),
    alternate_email text,
    handle varchar(24) NOT NULL UNIQUE CHECK (handle = lower(handle)),
    name text NOT NULL,
    password_digest text NOT NULL,
    security_answer text,
    phone varchar(20) CHECK (phone ~ '^[+0-9 ()-]{7,20}$'),
    job_title varchar(60),
    role text NOT NULL CHECK (role IN ('trainee', 'manager', 'administrator')),
    status user_status NOT NULL DEFAULT 'active',
    locale char(5) NOT NULL DEFAULT 'en-US',
    referred_by bigint REFERENCES users ON DELETE SET NULL,
    stripe_customer_id text UNIQUE,
    sign_in_count integer NOT NULL DEFAULT 0,
    last_sign_in_ip inet,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
CREATE UNIQUE INDEX users_email_lower ON users (lower(email));
CREATE INDEX ON users (organisation_id);
CREATE INDEX ON users (referred_by);
ALTER TABLE organisations ADD CONSTRAINT organisations_owner_id_fkey FOREIGN KEY (owner_id)
    REFERENCES users ON DELETE SET NULL DEFERRABLE INITIALLY DEFERRED;
CREATE INDEX ON organisations (owner_id);

CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.updated_at := now();
    RETURN NEW;
END $$;
CREATE TRIGGER users_touch BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION touch();

CREATE TABLE profiles (
    user_id bigint PRIMARY KEY REFERENCES users ON DELETE CASCADE,
    data jsonb NOT NULL DEFAULT '{}',
    avatar_key text,
    updated_at timestamptz NOT NULL
);

CREATE TABLE memberships (
    organisation_id bigint NOT NULL REFERENCES organisations ON DELETE CASCADE,
    user_id bigint NOT NULL REFERENCES users ON DELETE RESTRICT,
    role text NOT NULL DEFAULT 'member',
    invited_by bigint REFERENCES users ON DELETE SET NULL,
    joined_at timestamptz NOT NULL,
    PRIMARY KEY (organisation_id, user_id)
);
CREATE INDEX ON memberships (user_id);
CREATE INDEX ON memberships (invited_by);

CREATE TABLE membership_permissions (
    organisation_id bigint NOT NULL,
    user_id bigint NOT NULL,
    permission text NOT NULL,
    granted_at timestamptz NOT NULL,
    PRIMARY KEY (organisation_id, user_id, permission),
    FOREIGN KEY (organisation_id, user_id) REFERENCES memberships ON DELETE CASCADE
);

CREATE TABLE teams (
    id bigint PRIMARY KEY,
    organisation_id bigint NOT NULL REFERENCES organisations ON DELETE CASCADE,
    name text NOT NULL,
    lead_id bigint REFERENCES users ON DELETE SET NULL
);
CREATE INDEX ON teams (lead_id);
CREATE TABLE team_members (
    team_id bigint NOT NULL REFERENCES teams ON DELETE CASCADE,
    user_id bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    added_at timestamptz NOT NULL,
    PRIMARY KEY (team_id, user_id)
);
CREATE INDEX ON team_members (user_id);

-- Deleting the author of a course would, by these cascades, delete what others achieved in it.
CREATE TABLE courses (
    id bigint PRIMARY KEY,
    organisation_id bigint NOT NULL REFERENCES organisations ON DELETE CASCADE,
    author_id bigint REFERENCES users ON DELETE CASCADE,
    title text NOT NULL,
    description text,
    published_at timestamptz
);
CREATE INDEX ON courses (author_id);
CREATE INDEX ON courses (organisation_id);
CREATE TABLE course_tags (
    course_id bigint NOT NULL REFERENCES courses ON DELETE CASCADE,
    tag_id integer NOT NULL REFERENCES tags ON DELETE RESTRICT,
    PRIMARY KEY (course_id, tag_id)
);
CREATE TABLE lessons (
    id bigint PRIMARY KEY,
    course_id bigint NOT NULL REFERENCES courses ON DELETE CASCADE,
    position integer NOT NULL,
    title text NOT NULL,
    body text,
    UNIQUE (course_id, position) DEFERRABLE
);
CREATE TABLE course_ratings (
    course_id bigint NOT NULL REFERENCES courses ON DELETE CASCADE,
    user_id bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    stars smallint NOT NULL CHECK (stars BETWEEN 1 AND 5),
    remark text,
    rated_at timestamptz NOT NULL,
    PRIMARY KEY (course_id, user_id)
);
CREATE INDEX ON course_ratings (user_id);

CREATE TABLE enrolments (
    id bigint PRIMARY KEY,
    user_id bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    course_id bigint NOT NULL REFERENCES courses ON DELETE CASCADE,
    status enrolment_status NOT NULL DEFAULT 'assigned',
    assigned_on date NOT NULL,
    due_on date,
    UNIQUE (user_id, course_id)
);
CREATE INDEX ON enrolments (course_id);
CREATE TABLE attempts (
    id bigint PRIMARY KEY,
    enrolment_id bigint NOT NULL REFERENCES enrolments ON DELETE CASCADE,
    lesson_id bigint NOT NULL REFERENCES lessons ON DELETE CASCADE,
    started_at timestamptz NOT NULL,
    finished_at timestamptz,
    score numeric(5, 2) CHECK (score BETWEEN 0 AND 100)
);
CREATE INDEX ON attempts (enrolment_id);
CREATE INDEX ON attempts (lesson_id);
CREATE TABLE answers (
    attempt_id bigint NOT NULL REFERENCES attempts ON DELETE CASCADE,
    question smallint NOT NULL,
    given text NOT NULL,
    correct boolean NOT NULL,
    PRIMARY KEY (attempt_id, question)
);
CREATE TABLE completions (
    id bigint PRIMARY KEY,
    enrolment_id bigint NOT NULL UNIQUE REFERENCES enrolments ON DELETE CASCADE,
    user_id bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    course_id bigint NOT NULL REFERENCES courses ON DELETE CASCADE,
    completed_on date NOT NULL,
    hours numeric(4, 1) NOT NULL,
    trainer_name text
);
CREATE INDEX ON completions (user_id);
CREATE INDEX ON completions (course_id);
CREATE TABLE certificates (
    id uuid PRIMARY KEY,
    completion_id bigint NOT NULL REFERENCES completions ON DELETE CASCADE,
    number text NOT NULL UNIQUE,
    holder_name text NOT NULL,
    issued_on date NOT NULL,
    expires_on date
);
CREATE INDEX ON certificates (completion_id);
CREATE TABLE certificate_files (
    id bigint PRIMARY KEY,
    certificate_id uuid NOT NULL REFERENCES certificates ON DELETE CASCADE,
    object_key text NOT NULL,
    bytes integer NOT NULL
);
CREATE INDEX ON certificate_files (certificate_id);

CREATE TABLE sessions (
    id uuid PRIMARY KEY,
    user_id bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    token text NOT NULL UNIQUE,
    ip inet,
    user_agent text,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX ON sessions (user_id);
CREATE TABLE api_tokens (
    id bigint PRIMARY KEY,
    user_id bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    label text NOT NULL,
    token_digest text NOT NULL UNIQUE,
    created_at timestamptz NOT NULL
);
CREATE INDEX ON api_tokens (user_id);
CREATE TABLE password_resets (
    id bigint PRIMARY KEY,
    user_id bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    sent_to text NOT NULL,
    token_digest text NOT NULL,
    requested_at timestamptz NOT NULL
);
CREATE INDEX ON password_resets (user_id);

-- partitioned by month; the partitions are made for the months around the day of planting
CREATE TABLE login_events (
    id bigint NOT NULL,
    user_id bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    at timestamptz NOT NULL,
    ip inet NOT NULL,
    user_agent text,
    city text,
    succeeded boolean NOT NULL,
    PRIMARY KEY (id, at)
) PARTITION BY RANGE (at);
CREATE INDEX ON login_events (user_id);
-- partitioned, without a primary key, and with a reference the database does not know of
CREATE TABLE audit_log (
    at timestamptz NOT NULL,
    actor_id bigint,
    actor_email text,
    action text NOT NULL,
    ip inet,
    details jsonb NOT NULL DEFAULT '{}'
) PARTITION BY RANGE (at);
CREATE INDEX ON audit_log (actor_id);
-- without a primary key
CREATE TABLE page_views (
    user_id bigint REFERENCES users ON DELETE CASCADE,
    at timestamptz NOT NULL,
    path text NOT NULL,
    referrer text,
    ip inet
);
CREATE INDEX ON page_views (user_id);

CREATE TABLE subscriptions (
    id bigint PRIMARY KEY,
    organisation_id bigint NOT NULL REFERENCES organisations ON DELETE CASCADE,
    product_code text NOT NULL REFERENCES products ON DELETE RESTRICT,
    started_by bigint REFERENCES users ON DELETE SET NULL,
    started_on date NOT NULL,
    ended_on date
);
CREATE INDEX ON subscriptions (started_by);
CREATE TABLE invoices (
    id bigint PRIMARY KEY,
    organisation_id bigint NOT NULL REFERENCES organisations,
    user_id bigint NOT NULL REFERENCES users,
    number text NOT NULL UNIQUE,
    billing_name text NOT NULL,
    billing_email text,
    billing_address jsonb,
    internal_note text,
    amount_cents integer NOT NULL CHECK (amount_cents >= 0),
    currency char(3) NOT NULL DEFAULT 'USD',
    issued_on date NOT NULL
);
CREATE INDEX ON invoices (user_id);
CREATE TABLE invoice_lines (
    invoice_id bigint NOT NULL REFERENCES invoices ON DELETE CASCADE,
    line smallint NOT NULL,
    description text NOT NULL,
    amount_cents integer NOT NULL,
    issued_on date NOT NULL,
    PRIMARY KEY (invoice_id, line)
);
CREATE TABLE payments (
    id bigint PRIMARY KEY,
    invoice_id bigint NOT NULL REFERENCES invoices ON DELETE RESTRICT,
    stripe_charge_id text UNIQUE,
    card_brand text,
    card_last4 char(4) CHECK (card_last4 ~ '^[0-9]{4}$'),
    amount_cents integer NOT NULL,
    paid_at timestamptz NOT NULL,
    issued_on date NOT NULL
);
CREATE INDEX ON payments (invoice_id);

CREATE TABLE support_tickets (
    id bigint PRIMARY KEY,
    requester_id bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    assignee_id bigint REFERENCES users ON DELETE SET NULL,
    subject text NOT NULL,
    cc_emails text[] NOT NULL DEFAULT '{}',
    opened_at timestamptz NOT NULL
);
CREATE INDEX ON support_tickets (requester_id);
CREATE INDEX ON support_tickets (assignee_id);
CREATE TABLE ticket_messages (
    id bigint PRIMARY KEY,
    ticket_id bigint NOT NULL REFERENCES support_tickets ON DELETE CASCADE,
    author_id bigint REFERENCES users ON DELETE NO ACTION,
    body text NOT NULL,
    sent_at timestamptz NOT NULL
);
CREATE INDEX ON ticket_messages (ticket_id);
CREATE INDEX ON ticket_messages (author_id);
CREATE TABLE comments (
    id bigint PRIMARY KEY,
    lesson_id bigint NOT NULL REFERENCES lessons ON DELETE CASCADE,
    author_id bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    parent_id bigint REFERENCES comments ON DELETE CASCADE,
    body text NOT NULL,
    written_at timestamptz NOT NULL
);
CREATE INDEX ON comments (author_id);
CREATE INDEX ON comments (parent_id);
CREATE TABLE notifications (
    id bigint PRIMARY KEY,
    user_id bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    body text NOT NULL,
    read_at timestamptz,
    created_at timestamptz NOT NULL
);
CREATE INDEX ON notifications (user_id);
CREATE TABLE devices (
    id bigint PRIMARY KEY,
    user_id bigint NOT NULL DEFAULT 1 REFERENCES users ON DELETE SET DEFAULT,
    push_token text NOT NULL,
    model text,
    seen_at timestamptz NOT NULL
);
CREATE INDEX ON devices (user_id);
CREATE TABLE invitations (
    id bigint PRIMARY KEY,
    organisation_id bigint NOT NULL REFERENCES organisations ON DELETE CASCADE,
    email text NOT NULL,
    invited_by bigint REFERENCES users ON DELETE SET NULL,
    accepted_by bigint REFERENCES users ON DELETE SET NULL,
    token_digest text NOT NULL,
    sent_at timestamptz NOT NULL
);
CREATE INDEX ON invitations (invited_by);
CREATE INDEX ON invitations (accepted_by);
CREATE INDEX ON invitations (lower(email));
CREATE TABLE announcements (
    id bigint PRIMARY KEY,
    organisation_id bigint NOT NULL REFERENCES organisations ON DELETE CASCADE,
    author_id bigint REFERENCES users ON DELETE SET NULL,
    title text NOT NULL,
    published_at timestamptz NOT NULL
);
CREATE INDEX ON announcements (author_id);
CREATE TABLE announcement_reads (
    announcement_id bigint NOT NULL REFERENCES announcements ON DELETE CASCADE,
    user_id bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    read_at timestamptz NOT NULL,
    PRIMARY KEY (announcement_id, user_id)
);
CREATE INDEX ON announcement_reads (user_id);

CREATE TABLE leads (
    id bigint PRIMARY KEY,
    email text NOT NULL,
    name text,
    company text,
    phone text,
    source text,
    utm jsonb NOT NULL DEFAULT '{}',
    score integer,
    converted_to bigint REFERENCES users ON DELETE SET NULL,
    created_at timestamptz NOT NULL
);
CREATE INDEX ON leads (converted_to);
CREATE INDEX ON leads (lower(email));
CREATE TABLE marketing_consents (
    id bigint PRIMARY KEY,
    user_id bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    channel text NOT NULL,
    granted boolean NOT NULL,
    ip inet,
    given_at timestamptz NOT NULL
);
CREATE INDEX ON marketing_consents (user_id);
CREATE TABLE email_suppressions (
    email text PRIMARY KEY,
    reason text NOT NULL,
    suppressed_at timestamptz NOT NULL
);
CREATE INDEX ON email_suppressions (lower(email));
CREATE TABLE ga_clients (
    client_id text PRIMARY KEY,
    user_id bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    first_seen timestamptz NOT NULL
);
CREATE INDEX ON ga_clients (user_id);

CREATE TABLE imports (
    id bigint PRIMARY KEY,
    organisation_id bigint NOT NULL REFERENCES organisations ON DELETE CASCADE,
    uploaded_by bigint REFERENCES users ON DELETE SET NULL,
    file_name text NOT NULL,
    uploaded_at timestamptz NOT NULL
);
CREATE INDEX ON imports (uploaded_by);
CREATE TABLE import_rows (
    import_id bigint NOT NULL REFERENCES imports ON DELETE CASCADE,
    row integer NOT NULL,
    email text,
    payload jsonb NOT NULL,
    PRIMARY KEY (import_id, row)
);
CREATE INDEX ON import_rows (lower(email));
CREATE TABLE exports_log (
    id bigint PRIMARY KEY,
    user_id bigint NOT NULL REFERENCES users,
    format text NOT NULL,
    object_key text NOT NULL,
    made_at timestamptz NOT NULL
);
CREATE INDEX ON exports_log (user_id);
CREATE TABLE user_feature_flags (
    user_id bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    flag text NOT NULL REFERENCES feature_flags ON UPDATE CASCADE ON DELETE CASCADE,
    since timestamptz NOT NULL,
    PRIMARY KEY (user_id, flag)
);

CREATE SCHEMA "LegacyReports";
CREATE TABLE "LegacyReports"."UserNotes" (
    "NoteId" bigint PRIMARY KEY,
    "UserId" bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    "WrittenBy" bigint REFERENCES users ON DELETE SET NULL,
    "Body" text NOT NULL,
    "CreatedOn" date NOT NULL
);
CREATE INDEX ON "LegacyReports"."UserNotes" ("UserId");
CREATE INDEX ON "LegacyReports"."UserNotes" ("WrittenBy");
