import { pathToFileURL } from "node:url";
import { launch, type Page } from "puppeteer-core";
import { z } from "zod";

/** A page of a headless browser, and what it complained of. */
export interface BrowserPage extends AsyncDisposable {
  readonly page: Page;
  /** Violations of the content policy, errors, and requests to anything but files. */
  readonly complaints: readonly string[];
  /** The value of an expression in the page. */
  value<T>(schema: z.ZodType<T>, expression: string): Promise<T>;
  /** The trimmed texts of all elements that a selector finds. */
  texts(selector: string): Promise<string[]>;
}

interface Settings {
  readonly width?: number;
  readonly height?: number;
  readonly scheme?: "light" | "dark";
}

/** Opens a file in Chromium as a person would from a disk, and waits until it can be used. */
export async function openPage(
  chromium: string,
  path: string,
  { width = 1280, height = 900, scheme = "light" }: Settings = {},
): Promise<BrowserPage> {
  // As root, Chromium has no sandbox.
  const browser = await launch({
    executablePath: chromium,
    args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
  });
  try {
    const page = await browser.newPage();
    const complaints: string[] = [];
    page.on("console", (message) => void complaints.push(`${message.type()}: ${message.text()}`));
    page.on("pageerror", (error) => void complaints.push(String(error)));
    page.on("dialog", (dialog) => {
      complaints.push(`dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    page.on("request", (request) => {
      if (!/^(?:file|data):/.test(request.url())) complaints.push(`request: ${request.url()}`);
    });
    await page.setViewport({ width, height });
    await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
    await page.goto(pathToFileURL(path).href);
    await page.waitForSelector("html[data-ready]", { timeout: 20_000 });
    return {
      page,
      complaints,
      value: async (schema, expression) => schema.parse(await page.evaluate(expression)),
      texts: async (selector) =>
        z
          .array(z.string())
          .parse(
            await page.evaluate(
              `[...document.querySelectorAll(${JSON.stringify(selector)})].map((e) => e.textContent.trim())`,
            ),
          ),
      [Symbol.asyncDispose]: () => browser.close(),
    };
  } catch (error) {
    await browser.close();
    throw error;
  }
}
