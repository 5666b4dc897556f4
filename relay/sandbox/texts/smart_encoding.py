"""SmartEncoded: characters that would force UCS-2 and have a plain look-alike are replaced.

After Twilio's list (docs: smart-encoding-char-list; its segment calculator has the same), all but
the rarest ornaments, small capitals and combining marks of it. It replaces whatever it knows, also
where the text stays outside of GSM-7.
"""

from __future__ import annotations

_LOOK_ALIKES = {
    '"': "«»“”„‟ʺˮ❝❞〝〞",
    "'": "‘’‛ʻʼʽʹˈ´ˊ`ˋ❛❜‗",
    "-": "‐–—―⁃•﹣⎼⎽",
    "/": "÷⁄∕⧸",
    "\\": "⧵⧹﹨",
    ",": "‚、﹐﹑､",
    ".": "。﹒｡",
    "...": "…",
    "!": "ǃ﹗",
    "!!": "‼",
    "?": "﹖",
    ":": "ː˸꞉",
    ";": "⁏﹔",
    "(": "❨❪﹙⟮⦅",
    ")": "❩❫﹚⟯⦆",
    "{": "❴﹛",
    "}": "❵﹜",
    "<": "›﹤",
    ">": "‹﹥",
    "=": "꞊﹦",
    "+": "˖﹢",
    "*": "⁎∗⊛✢✣✤✥✱✲✳✺✻✼✽❃❉❊⧆﹡",
    "#": "﹟",
    "$": "﹩",
    "%": "﹪",
    "&": "﹠",
    "@": "﹫",
    "^": "ˆ",
    "~": "˜˷∼",
    "|": "∣⎸⎹⏐⎜⎟",
    "1/4": "¼",
    "1/2": "½",
    "3/4": "¾",
    " ": "\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029"
    "\u202f\u205f\u3000",
    "": "\u200b\u2060\ufeff",
}
_FULLWIDTH = {chr(code + 0xFEE0): chr(code) for code in range(0x21, 0x7F)}
_REPLACEMENTS = str.maketrans(
    _FULLWIDTH | {alike: plain for plain, alikes in _LOOK_ALIKES.items() for alike in alikes}
)


def smart_encode(body: str) -> str:
    return body.translate(_REPLACEMENTS)
