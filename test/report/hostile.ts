import fc from "fast-check";

/** Text in which everything that Markdown, HTML and terminals react to is likely. */
export const hostile = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        "`",
        "```",
        "|",
        "\n",
        "\r",
        "\\",
        "<script>",
        "</details>",
        "<!--",
        "@octocat",
        "#12",
        "GH-1",
        "https://evil.example",
        "www.evil.example",
        "a@evil.example",
        "**",
        "_",
        "[x](y)",
        "![](http://e/x.png)",
        "&lt;",
        "&",
        "\u202e",
        "\u2066",
        "שלום",
        "日本",
        "😀",
        "\u001b[31m",
        "\u0000",
        "~~~",
        "$x$",
        ":+1:",
      ),
      fc.string({ unit: "binary", maxLength: 5 }),
    ),
    { maxLength: 12 },
  )
  .map((pieces) => pieces.join(""));
