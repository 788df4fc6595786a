//! A page per error code: what it means, how it comes about, what to do. A problem's `type` is the address of its page.

use engunity_protocol::problem::{ERROR_PAGES, ErrorCode, Problem};

/// Words about a code; what is in backquotes is shown as code.
struct About {
    meaning: &'static str,
    causes: &'static [&'static str],
    remedies: &'static [&'static str],
}

/// The page about one code.
pub fn page(code: ErrorCode) -> String {
    let About { meaning, causes, remedies } = about(code);
    let example = serde_json::to_string_pretty(&Problem::new(code, "What is particular to this request."));
    let inside = format!(
        "<p class=\"muted\">HTTP status {}</p><p>{}</p><h2>Causes</h2>{}<h2>What to do</h2>{}\
         <h2>Example</h2><pre>{}</pre>\
         <p><a href=\"{ERROR_PAGES}\">All error codes</a> · <a href=\"/api/v1/docs\">All calls</a></p>",
        code.status(),
        markup(meaning),
        items(causes),
        items(remedies),
        escape(&example.unwrap_or_default()),
    );
    whole(&format!("{}: {code}", code.title()), &inside)
}

/// The page that lists all codes.
pub fn list() -> String {
    let row = |code: &ErrorCode| {
        let title = escape(code.title());
        format!(
            "<tr><td><a href=\"{}\"><code>{code}</code></a></td><td>{}</td><td>{title}</td></tr>",
            code.page(),
            code.status()
        )
    };
    let rows: String = ErrorCode::ALL.iter().map(row).collect();
    let inside = format!(
        "<p>Every refusal is an <code>application/problem+json</code> document (RFC 9457). Its <code>code</code> is one \
         of these.</p><table><tr><th>Code</th><th>Status</th><th>Meaning</th></tr>{rows}</table>\
         <p><a href=\"/api/v1/docs\">All calls</a></p>"
    );
    whole("Error codes", &inside)
}

fn whole(title: &str, inside: &str) -> String {
    let title = escape(title);
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width, initial-scale=1\"><title>{title}</title><link rel=\"stylesheet\" \
         href=\"/api/v1/docs/docs.css\"></head><body><main><h1>{title}</h1>{inside}</main></body></html>"
    )
}

fn items(texts: &[&str]) -> String {
    let items: String = texts.iter().map(|text| format!("<li>{}</li>", markup(text))).collect();
    format!("<ul>{items}</ul>")
}

fn markup(text: &str) -> String {
    let part = |(number, part): (usize, &str)| {
        if number % 2 == 1 { format!("<code>{}</code>", escape(part)) } else { escape(part) }
    };
    text.split('`').enumerate().map(part).collect()
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn about(code: ErrorCode) -> About {
    use ErrorCode::*;
    match code {
        InvalidInput => About {
            meaning: "The request can be read, but a value in it is not acceptable. `errors` names each field and what it must be.",
            causes: &[
                "A field is missing, unknown, of another type or out of range.",
                "A parameter of the query or a header is not what the document says.",
                "`null` stands where only a value is accepted.",
            ],
            remedies: &[
                "Correct the fields that `errors` names, then send the request again.",
                "Compare with the schema of the call in the API document.",
            ],
        },
        MalformedBody => About {
            meaning: "The body of the request can't be read.",
            causes: &[
                "The body is no JSON, or was cut off.",
                "A form has no boundary or a broken part.",
                "The body ended before its announced length.",
            ],
            remedies: &[
                "Send valid JSON in UTF-8, or a form as your HTTP library makes it.",
                "Send the request again where the connection broke.",
            ],
        },
        MalformedRequest => About {
            meaning: "What came over the connection is no HTTP/1.1 request, so no call was found.",
            causes: &[
                "A client speaks TLS or HTTP/2 to the plain port.",
                "The request line or a header has a character that may not stand there.",
                "`Content-Length` is no number.",
            ],
            remedies: &[
                "Check the scheme and the port of the address.",
                "Let an HTTP library write the request.",
            ],
        },
        Unauthenticated => About {
            meaning: "The call needs a user, and the request does not prove one.",
            causes: &[
                "There is no `Authorization: Bearer` header.",
                "The access token has expired; it lives some minutes.",
                "The personal token was revoked, or a ticket was used before.",
            ],
            remedies: &[
                "Get a new access token from `POST /api/v1/auth/refresh`, or sign in.",
                "In scripts use a personal token from `POST /api/v1/auth/tokens`.",
            ],
        },
        InvalidCredentials => About {
            meaning: "No account has this email with this password. Which of the two is wrong is not told.",
            causes: &["The password is wrong.", "There is no account with this email."],
            remedies: &[
                "Try again with the right password; many failures in a minute are slowed down.",
                "Register an account.",
            ],
        },
        TokenReused => About {
            meaning: "A refresh token works once. This one came a second time, so all tokens of that login have ended.",
            causes: &[
                "Two processes share one refresh token.",
                "The answer to the first refresh was lost.",
                "Someone else has the token.",
            ],
            remedies: &["Sign in again.", "Give each process a login or a personal token of its own."],
        },
        Forbidden => About {
            meaning: "The caller is known, and may not do this.",
            causes: &["Only administrators may use the calls below `/api/v1/admin`."],
            remedies: &["Ask an administrator; the first account of an installation is one."],
        },
        AccountDisabled => About {
            meaning: "An administrator disabled the account. Nothing in it is lost.",
            causes: &["The account was disabled by `PATCH /api/v1/admin/users/{user_id}`."],
            remedies: &["Ask an administrator to enable it."],
        },
        RegistrationClosed => About {
            meaning: "Not everybody may make an account here.",
            causes: &[
                "Registration is by invitation, and the request has no `invitation`.",
                "Registration is closed.",
            ],
            remedies: &["Ask an administrator for an invitation; its code goes into `invitation`."],
        },
        NotFound => About {
            meaning: "The thing does not exist, or belongs to another user: the two are not told apart.",
            causes: &[
                "The id is wrong, or is no id at all.",
                "It was deleted.",
                "You are signed in as another user.",
            ],
            remedies: &[
                "List what there is and take the id from there.",
                "Check with `GET /api/v1/auth/me` who you are.",
            ],
        },
        MethodNotAllowed => About {
            meaning: "The address exists, but not with this method. `Allow` lists the methods that it has.",
            causes: &["The method is wrong, for example `PUT` instead of `PATCH`."],
            remedies: &["Use one of the methods in `Allow`."],
        },
        NotAcceptable => About {
            meaning: "The call answers in no media type that `Accept` allows.",
            causes: &["`Accept` names a type that this call does not have."],
            remedies: &["Leave `Accept` out, or add the type that `detail` names."],
        },
        Conflict => About {
            meaning: "The request does not fit what is there now.",
            causes: &[
                "The path, name or email is taken.",
                "A commit names contents that were not sent; `errors` names their hashes.",
                "There is no manifest to commit.",
            ],
            remedies: &[
                "Choose another name, or change what exists.",
                "Send the missing contents, then commit again.",
            ],
        },
        PreconditionFailed => About {
            meaning: "`If-Match` names an older content: someone else was faster, and nothing was changed. `etag` is the current content's hash.",
            causes: &["The file was changed since you read it."],
            remedies: &["Read the file again, merge, and send the change with the new tag."],
        },
        PayloadTooLarge => About {
            meaning: "The body has more bytes than this call accepts.",
            causes: &[
                "A file or an archive is larger than the operator allows.",
                "A text is larger than what can be edited in place.",
            ],
            remedies: &["Use upload or sync for large files.", "Ask the operator to raise the limit."],
        },
        UriTooLong => About {
            meaning: "The address of the request is longer than the server reads.",
            causes: &["A value that belongs in the body stands in the query."],
            remedies: &["Shorten the query, or send the value in the body where the call has one."],
        },
        HeadersTooLarge => About {
            meaning: "The headers of the request are longer, or more, than the server reads.",
            causes: &[
                "Cookies of other services on the same host have piled up.",
                "A proxy adds many headers.",
            ],
            remedies: &["Delete the cookies of this host.", "Send at most 100 headers with 64 KiB in all."],
        },
        RangeNotSatisfiable => About {
            meaning: "`Range` asks for bytes behind the end. `Content-Range` says how many there are.",
            causes: &["A download is continued that was already whole.", "The content is shorter now."],
            remedies: &[
                "Ask for a part within the length, or without `Range` for the whole.",
                "Send `If-Range` with the tag, so that a changed content comes whole.",
            ],
        },
        UnsupportedMediaType => About {
            meaning: "The call does not accept a body of this type.",
            causes: &[
                "`Content-Type` is missing or names another type.",
                "The body is compressed with `Content-Encoding`.",
            ],
            remedies: &["Send the type that `detail` names, without `Content-Encoding`."],
        },
        BadArchive => About {
            meaning: "The archive can't be unpacked, or not safely. Nothing was changed.",
            causes: &[
                "It is damaged or was cut off.",
                "An entry leaves the project, or is a device.",
                "It unpacks to more than a project may hold.",
            ],
            remedies: &[
                "Make the archive again; `detail` names the entry.",
                "Leave out what can't be part of a project.",
            ],
        },
        IdempotencyMismatch => About {
            meaning: "The same `Idempotency-Key` came before with another request.",
            causes: &["A key is used for two different requests."],
            remedies: &["Make a new key for each request, and repeat a key only with the same request."],
        },
        RateLimited => About {
            meaning: "There were more requests in this minute than the operator allows for one user or address.",
            causes: &[
                "A script polls instead of following events.",
                "Several clients share one account.",
                "Many sign-ins have failed.",
            ],
            remedies: &[
                "Wait as many seconds as `Retry-After` says.",
                "Follow a job by its events instead of asking again and again.",
            ],
        },
        Timeout => About {
            meaning: "The request took longer than the server waits.",
            causes: &["The body or the head arrived too slowly.", "The server is very busy."],
            remedies: &["Send the request again; with an `Idempotency-Key` a run is not started twice."],
        },
        JobFinished => About {
            meaning: "The job has ended, so this can't be done to it any more.",
            causes: &["It ended while the request was on its way."],
            remedies: &["Read the job to see how it ended."],
        },
        NotRunning => About {
            meaning: "Only a running program can be given input, and this job is not running.",
            causes: &[
                "The job is still queued, or has ended.",
                "Its worker was lost and another attempt has not begun.",
            ],
            remedies: &["Wait until the job's state is `running`, for example by its events."],
        },
        InputClosed => About {
            meaning: "The program takes no more input.",
            causes: &[
                "The end of its input was sent before.",
                "The run was submitted without live input.",
                "The program has closed its input.",
            ],
            remedies: &["Submit the run with live input, and send the end only when nothing follows."],
        },
        UnknownRuntime => About {
            meaning: "No runtime of this installation fits the run.",
            causes: &[
                "`runtime` names none that there is.",
                "The entry's extension or the project's language belongs to no runtime.",
            ],
            remedies: &["Choose one from `GET /api/v1/runtimes`."],
        },
        QuotaExceeded => About {
            meaning: "What the operator allows for one user or project is used up.",
            causes: &[
                "A project has as many files or bytes as it may have.",
                "There are as many personal tokens as one may have.",
            ],
            remedies: &["Delete what is not needed any more.", "Ask the operator to raise the quota."],
        },
        LimitReached => About {
            meaning: "One of the limits of the user or of the installation is reached. `limit` names it, says how much it allows and how much is used.",
            causes: &[
                "Too many jobs wait or run, or too many streams or uploads are open at one time.",
                "The jobs of today used the CPU time, output or artifacts of a day.",
            ],
            remedies: &[
                "Wait as long as `Retry-After` says, or end something.",
                "See limits and use in `GET /api/v1/auth/me`; an administrator can change them.",
            ],
        },
        NotConfigured => About {
            meaning: "The call exists, but the operator has not set up what it needs.",
            causes: &["No provider is configured for refinement.", "This build has no engine for the call."],
            remedies: &["As an operator, set up what `detail` names. Trying again does not help."],
        },
        Unavailable => About {
            meaning: "PostgreSQL, object storage or the broker can't be reached at the moment.",
            causes: &[
                "A service restarts, or its disk is full.",
                "The network between the services is interrupted.",
            ],
            remedies: &[
                "Try again in a moment.",
                "As an operator, look at `GET /readyz`, which names the service.",
            ],
        },
        Internal => About {
            meaning: "Something went wrong on our side that should not happen.",
            causes: &[
                "A fault in the coordinator. Its log has the cause, under the `X-Request-Id` of the answer.",
            ],
            remedies: &["Report it to the operator with the `X-Request-Id`."],
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_a_page_that_says_everything() {
        let list = list();
        for code in ErrorCode::ALL {
            let page = page(*code);
            assert!(page.contains(&code.to_string()) && page.contains(&code.status().to_string()), "{page}");
            assert!(page.matches("<li>").count() >= 2, "{code} has a cause and a remedy");
            assert_eq!(page.matches("<code>").count(), page.matches("</code>").count(), "{code}");
            assert!(list.contains(&format!("href=\"{}\"", code.page())), "{code}");
            assert_eq!(Problem::new(*code, "").kind, code.page());
        }
    }

    #[test]
    fn words_are_shown_as_they_are() {
        assert_eq!(markup("a `<b>` & c"), "a <code>&lt;b&gt;</code> &amp; c");
    }
}
