import { h } from "./dom.ts";

/** A picture that says where it should be when it is not there. */
export function picture(href: string, name: string): HTMLElement {
  const image = h("img", { src: href, alt: "", loading: "lazy", decoding: "async" });
  image.addEventListener("load", () => {
    // Few pixels are meant to be seen.
    if (image.naturalWidth > 0 && image.naturalWidth < 100) image.classList.add("pixels");
  });
  image.addEventListener("error", () => {
    const text = `The picture of ${name} is not beside this page.`;
    image.replaceWith(h("span", { class: "absent" }, text));
  });
  return image;
}
