//! Answers as the API documents them, and as the world between gives them.

use super::*;

fn read(answer: &RawAnswer) -> Reply {
    let token = Secret::new("tok-123").expect("not empty");
    let endpoint = Url::parse("https://api.example.com/v1/ingest").expect("a URL");
    // 1994-11-06T08:49:07Z, half a minute before the date of RFC 9110's example.
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_747);
    Reader { token: &token, endpoint: &endpoint }.read(answer, now).reply
}

fn answer(status: u16, body: &str) -> RawAnswer {
    RawAnswer { status, body: body.to_owned(), ..RawAnswer::default() }
}

fn refusal(status: u16, body: &str) -> Failure {
    match read(&answer(status, body)) {
        Reply::Refused { failure, .. } => failure,
        other => panic!("{status} {body} is no refusal: {other:?}"),
    }
}

fn taken(body: &str) -> Counts {
    match read(&answer(200, body)) {
        Reply::Taken { counts, .. } => counts,
        other => panic!("{body} is no success: {other:?}"),
    }
}

#[test]
fn the_documented_success_is_understood_with_its_trailing_comma() {
    let body = r#"{"success": true, "message": "Successfully ingested 3 assets [1 added, 2 modified]", }"#;
    assert_eq!(taken(body), Counts { added: Some(1), modified: Some(2) });
}

#[test]
fn counts_are_optional_words_in_a_message() {
    let cases = [
        ("Successfully ingested 1 asset [1 added]", Some(1), None),
        ("Successfully ingested 12 assets [0 added, 12 modified]", Some(0), Some(12)),
        ("2 Modified", None, Some(2)),
        ("Assets added: many, modified", None, None),
        ("Successfully ingested 99999999999999999999999 added", None, None),
        ("done", None, None),
    ];
    for (message, added, modified) in cases {
        let body = serde_json::json!({ "success": true, "message": message }).to_string();
        assert_eq!(taken(&body), Counts { added, modified }, "{message}");
    }
}

#[test]
fn a_success_may_leave_fields_out_or_mistype_them() {
    for body in [
        "{}",
        "",
        "\u{feff}{\"success\": \"true\"}",
        r#"{"success": 1, "message": 7}"#,
        r#"{"message": {"text": "ok"}}"#,
        r#"{"success": true, "error": null, "code": ""}"#,
        r#"{"assets": ["a,]", "b\",}",],}"#,
    ] {
        taken(body);
    }
}

#[test]
fn the_documented_failure_is_understood_with_its_line() {
    let body = r#"{"success": false, "error": "Invalid syntax in SQL script",
        "details": "Error at line 15: Expected ';' but found ')'", "code": "PARSER_ERROR",}"#;
    let failure = refusal(400, body);
    assert_eq!((failure.code.as_str(), failure.line), ("PARSER_ERROR", Some(15)));
    assert_eq!(failure.message, "Invalid syntax in SQL script: Error at line 15: Expected ';' but found ')'");
    // A server that answers 500 for the SQL's fault is not asked again.
    assert_eq!(refusal(500, body).code, "PARSER_ERROR");
    // Nor is one that says 200.
    assert_eq!(refusal(200, body).line, Some(15));
}

#[test]
fn an_answer_that_does_not_confirm_is_no_success() {
    assert_eq!(refusal(200, r#"{"success": false}"#).code, "HTTP_200");
    assert_eq!(refusal(200, r#"{"error": "nope"}"#).message, "nope");
    let page = refusal(200, "<!doctype html>\n<title>Sign in</title>");
    assert_eq!(page.code, UNREADABLE_ANSWER);
    assert_eq!(page.message, "the answer is no JSON object: <!doctype html> <title>Sign in</title>");
    assert_eq!(refusal(200, "[true]").code, UNREADABLE_ANSWER);
    let huge = RawAnswer { end: BodyEnd::Capped, ..answer(200, "{\"success\": true, \"message\": \"aaaa") };
    assert!(matches!(read(&huge), Reply::Refused { failure, .. } if failure.code == UNREADABLE_ANSWER));
}

#[test]
fn refusals_are_told_from_trouble_that_may_pass() {
    assert!(matches!(read(&answer(413, "")), Reply::TooLarge(failure) if failure.code == "HTTP_413"));
    assert_eq!(refusal(404, "<h1>no such page</h1>").message, "HTTP status 404: <h1>no such page</h1>");
    assert_eq!(refusal(400, r#"{"success": false, "code": "INVALID_INPUT"}"#).code, "INVALID_INPUT");
    for (status, body, code) in [
        (502, "<html>", "HTTP_502"),
        (500, r#"{"success": false, "code": "SERVER_ERROR"}"#, "SERVER_ERROR"),
        (200, r#"{"success": false, "code": "server_error"}"#, "SERVER_ERROR"),
        (408, "", "HTTP_408"),
    ] {
        let reply = read(&answer(status, body));
        assert!(matches!(&reply, Reply::Unavailable { failure, .. } if failure.code == code), "{reply:?}");
    }
    let cut = read(&RawAnswer { end: BodyEnd::Cut, ..answer(200, "{\"success\": tr") });
    assert!(matches!(&cut, Reply::Unavailable { failure, .. } if failure.code == NETWORK), "{cut:?}");
}

#[test]
fn invalid_input_names_the_field() {
    for (body, message, cause) in [
        (
            r#"{"code": "INVALID_INPUT", "error": "Bad", "field": "Platform"}"#,
            "field `platform`: Bad",
            Refusal::AllFiles,
        ),
        (
            r#"{"code": "INVALID_INPUT", "error": "Missing content"}"#,
            "field `content`: Missing content",
            Refusal::Request,
        ),
        (r#"{"code": "INVALID_INPUT", "error": "content and platform"}"#, "content and platform", Refusal::Request),
    ] {
        match read(&answer(400, body)) {
            Reply::Refused { failure, cause: actual } => assert_eq!((&*failure.message, actual), (message, cause)),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_clock_that_differs_from_ours_does_not_matter() {
    let limits = LimitHeaders {
        retry_after: Some("Sun, 06 Nov 1994 08:49:37 GMT".to_owned()),
        date: Some("Sun, 06 Nov 1994 08:49:27 GMT".to_owned()),
        ..LimitHeaders::default()
    };
    let reply = read(&RawAnswer { limits, ..answer(429, "") });
    assert!(matches!(reply, Reply::Limited { retry_after: Some(pause), .. } if pause == Duration::from_secs(10)));
}

#[test]
fn every_form_of_no_entry_is_unauthorized() {
    for (status, body) in [
        (401, ""),
        (403, "<html>"),
        (400, r#"{"code": "AUTHENTICATION_ERROR"}"#),
        (200, r#"{"code":"AUTHENTICATION_ERROR"}"#),
    ] {
        let reply = read(&answer(status, body));
        assert!(matches!(reply, Reply::Unauthorized(_)), "{status} {body}: {reply:?}");
    }
}

#[test]
fn retry_after_is_seconds_or_a_date() {
    let wait = |text: &str| {
        let limited = RawAnswer {
            limits: LimitHeaders { retry_after: Some(text.to_owned()), ..LimitHeaders::default() },
            ..answer(429, "")
        };
        match read(&limited) {
            Reply::Limited { retry_after, .. } => retry_after,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(wait(" 120 "), Some(Duration::from_secs(120)));
    assert_eq!(wait("Sun, 06 Nov 1994 08:49:37 GMT"), Some(Duration::from_secs(30)));
    assert_eq!(wait("Sun, 06 Nov 1994 08:00:00 GMT"), Some(Duration::ZERO));
    assert_eq!(wait("soon"), None);
    assert_eq!(wait("-1"), None);
}

#[test]
fn a_redirect_elsewhere_is_a_refusal_that_names_the_host() {
    let redirect = |location: Option<&str>| {
        let moved = RawAnswer { location: location.map(str::to_owned), ..answer(307, "") };
        match read(&moved) {
            Reply::Refused { failure, .. } => (failure.code, failure.message),
            other => panic!("{other:?}"),
        }
    };
    let (code, message) = redirect(Some("https://evil.example:8443/steal?t=tok-123"));
    assert_eq!(code, "HTTP_307");
    assert!(message.contains("https://evil.example:8443, where the token is not sent"), "{message}");
    assert!(redirect(Some("//tok-123.example/")).1.contains("https://***.example"));
    assert!(redirect(Some("/v1/ingest")).1.contains("in a circle"));
    assert!(redirect(None).1.contains("without naming"));
}

#[test]
fn the_token_is_cut_out_of_whatever_repeats_it() {
    for body in [
        r#"{"success": false, "error": "bad token tok-123", "details": "tok\u002d123", "code": "TOK-123"}"#.to_owned(),
        format!("{}tok-123", " ".repeat(10)),
        format!("{}tok-123", "x".repeat(MAX_MESSAGE_CHARS - 20)),
    ] {
        for status in [200, 400, 401, 500] {
            let shown = format!("{:?}", read(&answer(status, &body)));
            assert!(!shown.contains("tok-1"), "{shown}");
        }
    }
}

#[test]
fn messages_are_short_and_hold_no_control_characters() {
    let failure = refusal(400, &"é\r\n\u{1b}[31m".repeat(500));
    assert_eq!(failure.message.chars().count(), MAX_MESSAGE_CHARS);
    assert!(failure.message.ends_with('…') && !failure.message.chars().any(char::is_control));
}
