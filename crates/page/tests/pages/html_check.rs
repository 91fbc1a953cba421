//! The rules of every page: HTML without a parse error, landmarks, headings in order, captions, scopes, titles, and no script or style.

use std::collections::BTreeSet;

use scraper::{ElementRef, Html, Selector};

/// Largest page in bytes.
pub const MOST_BYTES: usize = 60_000;

fn select<'a>(page: &'a Html, what: &str) -> Vec<ElementRef<'a>> {
    let selector = Selector::parse(what).expect("a selector");
    page.select(&selector).collect()
}

/// Everything that is wrong with a page.
pub fn faults(text: &str) -> Vec<String> {
    let page = Html::parse_document(text);
    let mut faults: Vec<String> = page.errors.iter().map(|error| format!("parse error: {error}")).collect();
    let mut wrong = |is_wrong: bool, what: &str| {
        if is_wrong {
            faults.push(what.to_owned());
        }
    };
    wrong(text.len() >= MOST_BYTES, &format!("{} bytes", text.len()));
    wrong(select(&page, "html[lang='en-GB']").len() != 1, "no language");
    for landmark in ["header", "main#main", "footer", "title"] {
        wrong(select(&page, landmark).iter().filter(|one| !in_svg(one)).count() != 1, &format!("not one {landmark}"));
    }
    wrong(select(&page, "h1").len() != 1, "not one h1");
    wrong(select(&page, "a.skip-link[href='#main']").len() != 1, "no skip link");
    for refused in ["script", "style", "iframe", "[style]", "[onclick]", "[onload]", "img", "object", "base"] {
        wrong(!select(&page, refused).is_empty(), &format!("there is {refused}"));
    }
    wrong(select(&page, "table").len() != select(&page, "table > caption").len(), "a table without a caption");
    wrong(!select(&page, "th:not([scope])").is_empty(), "a heading of a table without a scope");
    let drawn = select(&page, "svg:not([aria-hidden])");
    wrong(drawn.len() != select(&page, "svg[role='img'] > title").len(), "a picture without a title");
    wrong(!select(&page, "a:not([href])").is_empty(), "a link to nowhere");
    faults.extend(headings(&page));
    faults.extend(references(&page));
    faults
}

fn in_svg(element: &ElementRef<'_>) -> bool {
    element.ancestors().any(|node| node.value().as_element().is_some_and(|element| element.name() == "svg"))
}

/// No level of heading is skipped.
fn headings(page: &Html) -> Vec<String> {
    let levels: Vec<u32> = select(page, "h1, h2, h3, h4").iter().filter_map(|one| one.value().name()[1..].parse().ok()).collect();
    let skips = levels.windows(2).any(|pair| pair[1] > pair[0] + 1);
    if skips || levels.first() != Some(&1) { vec![format!("levels of headings: {levels:?}")] } else { Vec::new() }
}

/// Ids occur once; every reference to an id of the page leads to one.
fn references(page: &Html) -> Vec<String> {
    let ids: Vec<&str> = select(page, "[id]").iter().filter_map(|one| one.value().attr("id")).collect();
    let known: BTreeSet<&str> = ids.iter().copied().collect();
    let mut faults = if known.len() == ids.len() { Vec::new() } else { vec![format!("an id occurs twice: {ids:?}")] };
    for attribute in ["aria-labelledby", "aria-describedby", "for"] {
        for one in select(page, &format!("[{attribute}]")) {
            let names = one.value().attr(attribute).unwrap_or_default().split(' ');
            faults.extend(names.filter(|name| !known.contains(name)).map(|name| format!("{attribute} of {name}")));
        }
    }
    let local = select(page, "a[href^='#']");
    let to = local.iter().filter_map(|one| one.value().attr("href")?.strip_prefix('#'));
    faults.extend(to.filter(|name| !known.contains(name)).map(|name| format!("a link to #{name}")));
    faults
}

/// Asserts that nothing is wrong.
pub fn check(name: &str, text: &str) {
    let faults = faults(text);
    assert!(faults.is_empty(), "{name}: {faults:?}");
}

/// The text of the page that a reader sees, with single spaces.
pub fn words(text: &str) -> String {
    let page = Html::parse_document(text);
    let main = select(&page, "main");
    main.iter().flat_map(|main| main.text()).collect::<Vec<_>>().join(" ").split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The texts of the elements that a selector finds.
pub fn texts(text: &str, what: &str) -> Vec<String> {
    let page = Html::parse_document(text);
    let one = |found: &ElementRef<'_>| found.text().collect::<Vec<_>>().join("").split_whitespace().collect::<Vec<_>>().join(" ");
    select(&page, what).iter().map(one).collect()
}

#[test]
fn the_check_sees_what_is_wrong() {
    let good = "<!DOCTYPE html><html lang=\"en-GB\"><head><title>t</title></head><body><a class=\"skip-link\" href=\"#main\">s</a>\
                <header></header><main id=\"main\"><h1>h</h1></main><footer></footer></body></html>";
    assert_eq!(faults(good), Vec::<String>::new());
    for (from, to) in [
        ("<h1>h</h1>", "<h1>h</h1><h3>skips</h3>"),
        ("<h1>h</h1>", "<h1>h</h1><p style=\"color:red\">x</p>"),
        ("<h1>h</h1>", "<h1>h</h1><table><tbody><tr><th>x</th></tr></tbody></table>"),
        ("<h1>h</h1>", "<h1>h</h1><a href=\"#nowhere\">x</a>"),
        ("<h1>h</h1>", "<h1>h</h2>"),
        ("<h1>h</h1>", "<h1>h</h1><script>1</script>"),
        ("<h1>h</h1>", "<h1>h</h1><svg role=\"img\"></svg>"),
        (" lang=\"en-GB\"", ""),
    ] {
        assert!(!faults(&good.replacen(from, to, 1)).is_empty(), "{to}");
    }
}
