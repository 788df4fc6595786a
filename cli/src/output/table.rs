//! Aligned columns for people.

use console::{Term, measure_text_width, truncate_str};

/// Lays `rows` out under `head`; on a terminal, lines end where it does.
pub fn table<const N: usize>(head: [&str; N], rows: &[[String; N]]) -> String {
    let term = Term::stdout();
    let width = if term.is_term() { usize::from(term.size().1) } else { usize::MAX };
    let lines = layout(head, rows);
    lines.iter().map(|line| truncate_str(line, width, "…")).collect::<Vec<_>>().join("\n")
}

/// The lines of a table; the last column is not padded.
fn layout<const N: usize>(head: [&str; N], rows: &[[String; N]]) -> Vec<String> {
    let head_row = head.map(|title| console::style(title).bold().to_string());
    let mut widths = head.map(measure_text_width);
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(measure_text_width(cell));
        }
    }
    std::iter::once(&head_row).chain(rows).map(|row| line(row, &widths)).collect()
}

fn line(row: &[String], widths: &[usize]) -> String {
    let cells = row.iter().zip(widths).map(|(cell, width)| {
        let padding = width - measure_text_width(cell);
        format!("{cell}{}", " ".repeat(padding))
    });
    cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
}

/// `text` in one line of at most `width` columns.
pub fn cut(text: &str, width: usize) -> String {
    truncate_str(&super::plain(text), width, "…").into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned() {
        console::set_colors_enabled(false);
        let rows = [
            ["a".to_owned(), "long cell".to_owned(), "x".to_owned()],
            ["日本".to_owned(), "b".to_owned(), String::new()],
        ];
        assert_eq!(layout(["ID", "B", "C"], &rows), ["ID    B          C", "a     long cell  x", "日本  b"]);
    }
}
