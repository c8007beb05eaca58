//! The tables, made from the migrations; the order and types of columns follow them.

diesel::table! {
    meta (key) {
        key -> Text,
        value -> Text,
    }
}

diesel::table! {
    organisation (id) {
        id -> Binary,
        name -> Text,
        timezone -> Text,
        locale -> Text,
        inspector_key -> Text,
        created_at -> BigInt,
        body_days -> Integer,
        attempt_days -> Integer,
    }
}

diesel::table! {
    agents (id) {
        id -> Binary,
        email -> Text,
        name -> Text,
        role -> Text,
        password_hash -> Nullable<Text>,
        external_id -> Nullable<Text>,
        locale -> Nullable<Text>,
        theme -> Text,
        chats_max -> Integer,
        availability -> Text,
        pause_reason -> Nullable<Text>,
        availability_at -> BigInt,
        absent_at -> Nullable<BigInt>,
        absent_steady -> Nullable<BigInt>,
        created_at -> BigInt,
        archived_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    password_links (token_hash) {
        token_hash -> Binary,
        agent_id -> Binary,
        created_at -> BigInt,
        expires_at -> BigInt,
        used_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    sessions (id) {
        id -> Binary,
        token_hash -> Binary,
        agent_id -> Binary,
        kind -> Text,
        user_agent -> Text,
        address -> Text,
        created_at -> BigInt,
        used_at -> BigInt,
        expires_at -> BigInt,
        revoked_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    api_tokens (id) {
        id -> Binary,
        token_hash -> Binary,
        name -> Text,
        hint -> Text,
        scopes -> Text,
        departments -> Nullable<Text>,
        created_by -> Binary,
        created_at -> BigInt,
        used_at -> Nullable<BigInt>,
        expires_at -> Nullable<BigInt>,
        revoked_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    departments (id) {
        id -> Binary,
        name -> Text,
        external_id -> Nullable<Text>,
        routing -> Text,
        grace_seconds -> BigInt,
        wait_goal_seconds -> BigInt,
        wait_limit_seconds -> Nullable<BigInt>,
        inactivity_seconds -> BigInt,
        agent_lost_seconds -> BigInt,
        offer_seconds -> BigInt,
        tags_required -> Bool,
        created_at -> BigInt,
        archived_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    department_members (department_id, agent_id) {
        department_id -> Binary,
        agent_id -> Binary,
        supervisor -> Bool,
    }
}

diesel::table! {
    sites (id) {
        id -> Binary,
        key -> Text,
        name -> Text,
        default_department_id -> Binary,
        allowed_domains -> Text,
        locale -> Text,
        color -> Text,
        position -> Text,
        theme -> Text,
        title -> Text,
        greeting -> Text,
        label -> Text,
        field_name -> Text,
        field_email -> Text,
        field_phone -> Text,
        field_message -> Text,
        field_department -> Text,
        consent_version -> Nullable<Integer>,
        privacy_url -> Nullable<Text>,
        marketing -> Bool,
        location_mode -> Text,
        location_recipients -> Text,
        location_keep_days -> Integer,
        created_at -> BigInt,
        archived_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    consents (site_id, version) {
        site_id -> Binary,
        version -> Integer,
        text -> Text,
        created_at -> BigInt,
    }
}

diesel::table! {
    tags (id) {
        id -> Binary,
        name -> Text,
        created_at -> BigInt,
        archived_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    visitors (id) {
        id -> Binary,
        site_id -> Binary,
        token_hash -> Binary,
        token_used_at -> BigInt,
        external_id -> Nullable<Text>,
        verified -> Text,
        name -> Nullable<Text>,
        email -> Nullable<Text>,
        phone -> Nullable<Text>,
        phone_raw -> Nullable<Text>,
        locale -> Nullable<Text>,
        timezone -> Nullable<Text>,
        device_type -> Nullable<Text>,
        device_os -> Nullable<Text>,
        device_browser -> Nullable<Text>,
        user_agent -> Nullable<Text>,
        address -> Nullable<Text>,
        custom -> Text,
        cards -> Text,
        first_seen_at -> BigInt,
        chats_count -> Integer,
        erased_at -> Nullable<BigInt>,
        filled -> Text,
    }
}

diesel::table! {
    protocol_counters (day) {
        day -> Text,
        last -> BigInt,
    }
}

diesel::table! {
    chats (id) {
        id -> Binary,
        protocol -> Text,
        state -> Text,
        site_id -> Binary,
        first_department_id -> Binary,
        department_id -> Binary,
        visitor_id -> Binary,
        agent_id -> Nullable<Binary>,
        origin -> Text,
        locale -> Text,
        timezone -> Nullable<Text>,
        subject -> Text,
        page_url -> Nullable<Text>,
        page_title -> Nullable<Text>,
        page_referrer -> Nullable<Text>,
        utm -> Text,
        fields -> Text,
        consent_version -> Nullable<Integer>,
        consent_at -> Nullable<BigInt>,
        marketing -> Bool,
        previous_chat_id -> Nullable<Binary>,
        requested_at -> BigInt,
        queued_at -> BigInt,
        queued_steady -> BigInt,
        started_at -> Nullable<BigInt>,
        ended_at -> Nullable<BigInt>,
        ended_steady -> Nullable<BigInt>,
        end_reason -> Nullable<Text>,
        tags -> Text,
        agents -> Text,
        last_seq -> BigInt,
        event_sequence -> BigInt,
        circle -> Integer,
        called_steady -> Nullable<BigInt>,
        offered_to -> Nullable<Binary>,
        offered_until_steady -> Nullable<BigInt>,
        passed -> Text,
        last_message_by -> Nullable<Text>,
        last_message_at -> Nullable<BigInt>,
        last_message_body -> Nullable<Text>,
        idle_steady -> Nullable<BigInt>,
        waiting_since -> Nullable<BigInt>,
        first_response_at -> Nullable<BigInt>,
        visitor_messages -> BigInt,
        agent_messages -> BigInt,
        last_agent_id -> Nullable<Binary>,
        rating_score -> Nullable<Integer>,
        rating_comment -> Nullable<Text>,
        rating_agent_id -> Nullable<Binary>,
        location_state -> Text,
        latitude -> Nullable<Double>,
        longitude -> Nullable<Double>,
        accuracy_m -> Nullable<Double>,
        located_at -> Nullable<BigInt>,
        location_source -> Nullable<Text>,
        absent_at -> Nullable<BigInt>,
        absent_steady -> Nullable<BigInt>,
        visitor_delivered -> BigInt,
        visitor_read -> BigInt,
        agent_delivered -> BigInt,
        agent_read -> BigInt,
    }
}

diesel::table! {
    chat_tags (chat_id, tag_id) {
        chat_id -> Binary,
        tag_id -> Binary,
    }
}

diesel::table! {
    chat_agents (chat_id, agent_id) {
        chat_id -> Binary,
        agent_id -> Binary,
    }
}

diesel::table! {
    timeline (chat_id, seq) {
        chat_id -> Binary,
        seq -> BigInt,
        id -> Binary,
        #[sql_name = "type"]
        kind -> Text,
        at -> BigInt,
        steady -> BigInt,
        actor_kind -> Text,
        actor_id -> Nullable<Binary>,
        client_id -> Nullable<Text>,
        data -> Text,
        fingerprint -> Nullable<Binary>,
    }
}

diesel::table! {
    receipts (scope, author, client_id) {
        scope -> Binary,
        author -> Binary,
        client_id -> Text,
        fingerprint -> Binary,
        chat_id -> Nullable<Binary>,
        seq -> Nullable<BigInt>,
        at -> BigInt,
    }
}

diesel::table! {
    offline_messages (id) {
        id -> Binary,
        site_id -> Binary,
        department_id -> Binary,
        visitor_id -> Binary,
        chat_id -> Nullable<Binary>,
        name -> Nullable<Text>,
        email -> Nullable<Text>,
        phone -> Nullable<Text>,
        body -> Text,
        page_url -> Nullable<Text>,
        consent_version -> Nullable<Integer>,
        marketing -> Bool,
        created_at -> BigInt,
        done_at -> Nullable<BigInt>,
        done_by -> Nullable<Binary>,
    }
}

diesel::table! {
    endpoints (id) {
        id -> Binary,
        name -> Text,
        url -> Text,
        secrets -> Binary,
        headers -> Binary,
        signature -> Text,
        events -> Text,
        quick_events -> Text,
        sites -> Nullable<Text>,
        departments -> Nullable<Text>,
        conditions -> Text,
        enrich -> Text,
        strict_order -> Bool,
        with_transcript -> Bool,
        with_address -> Bool,
        with_note -> Bool,
        insecure_accepted -> Bool,
        rate_per_second -> Nullable<Integer>,
        enabled -> Bool,
        disabled_reason -> Nullable<Text>,
        disabled_at -> Nullable<BigInt>,
        last_success_at -> Nullable<BigInt>,
        first_failure_at -> Nullable<BigInt>,
        last_failure_at -> Nullable<BigInt>,
        failures -> BigInt,
        created_at -> BigInt,
        archived_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    events (position) {
        position -> BigInt,
        id -> Binary,
        #[sql_name = "type"]
        kind -> Text,
        chat_id -> Nullable<Binary>,
        visitor_id -> Nullable<Binary>,
        sequence -> Nullable<BigInt>,
        at -> BigInt,
        test -> Bool,
    }
}

diesel::table! {
    event_bodies (event_position, variant) {
        event_position -> BigInt,
        variant -> Integer,
        body -> Nullable<Binary>,
    }
}

diesel::table! {
    deliveries (position) {
        position -> BigInt,
        id -> Binary,
        event_position -> BigInt,
        endpoint_id -> Binary,
        chat_id -> Nullable<Binary>,
        #[sql_name = "type"]
        kind -> Text,
        variant -> Integer,
        cause -> Text,
        state -> Text,
        attempts -> Integer,
        next_steady -> Nullable<BigInt>,
        previous_event_id -> Nullable<Binary>,
        last_code -> Nullable<Text>,
        last_status -> Nullable<Integer>,
        created_at -> BigInt,
        ended_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    attempts (delivery_position, number) {
        delivery_position -> BigInt,
        number -> Integer,
        at -> BigInt,
        duration_ms -> BigInt,
        resolved_ms -> Nullable<BigInt>,
        connected_ms -> Nullable<BigInt>,
        answered_ms -> Nullable<BigInt>,
        url -> Text,
        request_headers -> Text,
        status -> Nullable<Integer>,
        code -> Text,
        response_headers -> Nullable<Text>,
        response_body -> Nullable<Binary>,
        response_truncated -> Bool,
        remote_address -> Nullable<Text>,
        enrichment -> Nullable<Text>,
    }
}

diesel::table! {
    resendings (id) {
        id -> Binary,
        kind -> Text,
        endpoint_id -> Nullable<Binary>,
        filter -> Text,
        upto -> BigInt,
        cursor -> BigInt,
        sent -> BigInt,
        skipped -> BigInt,
        expected -> BigInt,
        at_least -> Bool,
        state -> Text,
        reason -> Nullable<Text>,
        created_by -> Nullable<Binary>,
        created_at -> BigInt,
        ended_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    endpoint_hours (endpoint_id, hour) {
        endpoint_id -> Binary,
        hour -> BigInt,
        good -> BigInt,
        bad -> BigInt,
        latencies -> Binary,
    }
}

diesel::table! {
    audit_log (id) {
        id -> Binary,
        at -> BigInt,
        actor_kind -> Text,
        actor_id -> Nullable<Binary>,
        act -> Text,
        target_kind -> Nullable<Text>,
        target_id -> Nullable<Binary>,
        detail -> Text,
        address -> Nullable<Text>,
    }
}

diesel::allow_tables_to_appear_in_same_query!(
    meta,
    organisation,
    agents,
    password_links,
    sessions,
    api_tokens,
    departments,
    department_members,
    sites,
    consents,
    tags,
    visitors,
    protocol_counters,
    chats,
    chat_tags,
    chat_agents,
    timeline,
    receipts,
    offline_messages,
    endpoints,
    events,
    event_bodies,
    deliveries,
    attempts,
    resendings,
    endpoint_hours,
    audit_log
);
