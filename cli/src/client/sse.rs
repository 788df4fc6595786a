//! Server-sent events from bytes: an incremental, bounded parser after the HTML standard. Pure.

/// Most bytes of one event or one line; more is a broken or hostile server.
const MAX_EVENT_BYTES: usize = 16 << 20;

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SseEvent {
    /// The last id seen when the event was complete.
    pub id: Option<String>,
    /// The event's name; empty means `message`.
    pub name: String,
    pub data: String,
}

#[derive(Debug, PartialEq, Eq)]
pub struct TooLarge;

#[derive(Debug, Default)]
pub struct SseParser {
    line: Vec<u8>,
    /// The last byte was a CR: a LF right after it belongs to the same end of line.
    after_cr: bool,
    begun: bool,
    id: Option<String>,
    name: String,
    data: Vec<u8>,
    has_data: bool,
}

impl SseParser {
    /// Takes the next bytes and gives the events that they complete. After an error, drop the parser.
    pub fn feed(&mut self, bytes: &[u8]) -> Result<Vec<SseEvent>, TooLarge> {
        let mut events = Vec::new();
        for &byte in bytes {
            let ends_line = byte == b'\r' || (byte == b'\n' && !self.after_cr);
            if ends_line {
                events.extend(self.end_line());
            } else if byte != b'\n' {
                self.line.push(byte);
            }
            self.after_cr = byte == b'\r';
            if self.line.len() + self.data.len() > MAX_EVENT_BYTES {
                return Err(TooLarge);
            }
        }
        Ok(events)
    }

    fn end_line(&mut self) -> Option<SseEvent> {
        let mut line = std::mem::take(&mut self.line);
        if !std::mem::replace(&mut self.begun, true) && line.starts_with(b"\xef\xbb\xbf") {
            line.drain(..3);
        }
        if line.is_empty() {
            return self.end_event();
        }
        self.field(&line);
        line.clear();
        self.line = line;
        None
    }

    fn field(&mut self, line: &[u8]) {
        let (field, value) = match line.iter().position(|b| *b == b':') {
            Some(at) => (&line[..at], line[at + 1..].strip_prefix(b" ").unwrap_or(&line[at + 1..])),
            None => (line, &b""[..]),
        };
        match field {
            b"data" => {
                if self.has_data {
                    self.data.push(b'\n');
                }
                self.data.extend_from_slice(value);
                self.has_data = true;
            }
            b"event" => self.name = text(value),
            b"id" if !value.contains(&0) => self.id = Some(text(value)),
            // A comment (an empty field), `retry` and what may come.
            _ => {}
        }
    }

    fn end_event(&mut self) -> Option<SseEvent> {
        let name = std::mem::take(&mut self.name);
        let data = std::mem::take(&mut self.data);
        let complete = std::mem::take(&mut self.has_data);
        complete.then(|| SseEvent { id: self.id.clone(), name, data: text(&data) })
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(text: &str) -> Vec<SseEvent> {
        SseParser::default().feed(text.as_bytes()).unwrap()
    }

    fn event(id: Option<&str>, name: &str, data: &str) -> SseEvent {
        SseEvent { id: id.map(str::to_owned), name: name.to_owned(), data: data.to_owned() }
    }

    #[test]
    fn reads_what_the_standard_says() {
        assert_eq!(parse("id: 7\nevent: output\ndata: {}\n\n"), [event(Some("7"), "output", "{}")]);
        assert_eq!(parse("data: a\r\ndata:b\r\rdata\n\n"), [event(None, "", "a\nb"), event(None, "", "")]);
        assert_eq!(parse("\u{feff}: hello\n\nretry: 5\nevent: x\n\ndata: 1\n\n"), [event(None, "", "1")]);
        assert_eq!(parse("data: half"), []);
        assert_eq!(
            parse("id: 1\ndata: a\n\ndata: b\n\n"),
            [event(Some("1"), "", "a"), event(Some("1"), "", "b")]
        );
        assert_eq!(parse("id: 1\u{0}\ndata: a\n\n"), [event(None, "", "a")]);
    }

    #[test]
    fn what_never_ends_is_refused() {
        let mut parser = SseParser::default();
        let line = vec![b'x'; 1 << 20];
        let refused = (0..20).any(|_| parser.feed(&line).is_err());
        assert!(refused);
        let mut parser = SseParser::default();
        let line = [b"data: ", line.as_slice(), b"\n"].concat();
        assert!((0..20).any(|_| parser.feed(&line).is_err()));
    }

    fn line() -> impl Strategy<Value = String> {
        prop_oneof!["(data|event|id|retry|x)?:? ?[a-zä: ]{0,6}", Just(String::new())]
    }

    proptest! {
        #[test]
        fn it_does_not_matter_where_the_stream_is_cut(
            lines in prop::collection::vec((line(), prop_oneof![Just("\n"), Just("\r\n"), Just("\r")]), 0..30),
            cuts in prop::collection::vec(1usize..9, 1..20),
        ) {
            let text: String = lines.iter().map(|(line, end)| format!("{line}{end}")).collect();
            let mut parser = SseParser::default();
            let (mut events, mut rest, mut cuts) = (Vec::new(), text.as_bytes(), cuts.into_iter().cycle());
            while !rest.is_empty() {
                let (now, later) = rest.split_at(cuts.next().unwrap().min(rest.len()));
                events.extend(parser.feed(now).unwrap());
                rest = later;
            }
            prop_assert_eq!(events, parse(&text));
        }

        #[test]
        fn what_was_sent_arrives(events in prop::collection::vec(("[a-z]{0,5}", "[^\r]{0,40}", "[0-9]{1,5}"), 0..10)) {
            let wire: String = events.iter().map(|(name, data, id)| {
                let data: String = data.split('\n').map(|line| format!("data: {line}\n")).collect();
                format!("id: {id}\nevent: {name}\n{data}\n")
            }).collect();
            let expected: Vec<_> = events.iter().map(|(name, data, id)| event(Some(id), name, data)).collect();
            prop_assert_eq!(parse(&wire), expected);
        }

        #[test]
        fn no_bytes_break_it(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = SseParser::default().feed(&bytes);
        }
    }
}
