//! Tables for spreadsheets (RFC 4180). A cell that a spreadsheet would take for a formula is told apart by an apostrophe.

/// Beginnings that spreadsheets run as formulas. Source: PRODUCT.md, A9; OWASP, CSV injection.
const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// Adds one line.
pub fn push_line<'a>(table: &mut String, cells: impl IntoIterator<Item = &'a str>) {
    for (at, cell) in cells.into_iter().enumerate() {
        if at > 0 {
            table.push(',');
        }
        push_cell(table, cell);
    }
    table.push_str("\r\n");
}

fn push_cell(table: &mut String, cell: &str) {
    let guarded = if cell.starts_with(FORMULA) { format!("'{cell}") } else { cell.to_owned() };
    if guarded.contains(['"', ',', '\n', '\r']) {
        table.push('"');
        table.push_str(&guarded.replace('"', "\"\""));
        table.push('"');
    } else {
        table.push_str(&guarded);
    }
}

#[cfg(test)]
mod tests {
    use super::push_line;

    fn line(cells: &[&str]) -> String {
        let mut table = String::new();
        push_line(&mut table, cells.iter().copied());
        table
    }

    #[test]
    fn cells_are_quoted_where_they_must_be() {
        assert_eq!(line(&["a", "b, c", "say \"hi\"", "two\nlines", ""]), "a,\"b, c\",\"say \"\"hi\"\"\",\"two\nlines\",\r\n");
    }

    #[test]
    fn no_cell_begins_a_formula() {
        for (cell, written) in [
            ("=1+1", "'=1+1\r\n"),
            ("+55", "'+55\r\n"),
            ("-2", "'-2\r\n"),
            ("@sum", "'@sum\r\n"),
            ("\t=1", "'\t=1\r\n"),
            ("=HYPERLINK(\"x\",\"y\")", "\"'=HYPERLINK(\"\"x\"\",\"\"y\"\")\"\r\n"),
            ("\r=1", "\"'\r=1\"\r\n"),
            ("a=b", "a=b\r\n"),
        ] {
            assert_eq!(line(&[cell]), written);
        }
    }
}
