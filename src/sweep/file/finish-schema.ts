import * as z from "zod";
import { choice, flag, integer, key, pattern, strict, text, words } from "./fields.ts";
import { parameterName } from "./parameter-schema.ts";

const by = key(parameterName, "The parameter that orders the frames, a numeric one.", {
  type: "parameter name",
});

const SIZE = "expected a width and height in pixels such as 1920x1080";

const video = strict(
  {
    frames: key(
      text("expected a file in each point's outputs"),
      "The frame in each point's outputs.",
      {
        type: "file",
        placeholders: ["parameters", "point.index", "point.name"],
      },
    ),
    by,
    fps: key(
      z
        .number({ error: "expected frames a second, above 0" })
        .positive({ error: "expected frames a second, above 0" })
        .max(240, { error: "expected at most 240 frames a second" })
        .default(24),
      "Frames a second.",
      { type: "number" },
    ),
    size: key(
      pattern(/^[1-9]\d{0,4}x[1-9]\d{0,4}$/, SIZE).default("1920x1080"),
      "Width and height of the video in pixels, even numbers but for a gif.",
      { type: "WIDTHxHEIGHT" },
    ),
    to: key(
      text("expected a file name such as movie.mp4").default("movie.mp4"),
      "The file below the run folder's finish/: .mp4, .webm or .gif.",
      { type: "file" },
    ),
    "keep-frames": key(
      flag().default(true),
      "Whether the frames stay once the video is verified.",
      { type: "true or false" },
    ),
    "allow-missing": key(
      flag().default(false),
      "Whether missing and broken frames are left out instead of failing the step.",
      { type: "true or false" },
    ),
  },
  "expected a mapping such as {frames: frame.png, by: frame}",
);

const tiles = strict(
  {
    files: key(
      text("expected a file in each point's outputs"),
      "The tile in each point's outputs: linear floats with their position and weight.",
      { type: "file", placeholders: ["parameters", "point.index", "point.name"] },
    ),
    by: key(
      parameterName.optional(),
      "The parameter that tells pictures apart; without it all tiles make one picture.",
      { type: "parameter name", default: "one picture" },
    ),
    to: key(
      text("expected a file name such as picture.png").default("picture.png"),
      "The file below the run folder's finish/; with `by` its value stands before the extension.",
      { type: "file" },
    ),
  },
  "expected a mapping such as {files: tile.bin, by: frame}",
);

const sheet = strict(
  {
    images: key(
      text("expected a file in each point's outputs"),
      "The picture in each point's outputs.",
      { type: "file", placeholders: ["parameters", "point.index", "point.name"] },
    ),
    label: key(text("expected a text").optional(), "The text under each picture.", {
      type: "text",
      default: "the point's name",
      placeholders: ["parameters", "point.index", "point.name"],
    }),
    columns: key(
      integer(1, 1000, "expected a whole number from 1 to 1000").optional(),
      "Pictures in a row.",
      { type: "whole number", default: "as square as it gets" },
    ),
    to: key(
      text("expected a file name such as sheet.png").default("sheet.png"),
      "The file below the run folder's finish/.",
      { type: "file" },
    ),
  },
  "expected a mapping such as {images: art.png}",
);

const command = strict(
  {
    image: key(text("expected an image").optional(), "The image that runs it.", {
      type: "image reference",
      default: "the sweep's",
    }),
    entrypoint: key(
      words("expected a list of words or a text").optional(),
      "Replaces the image's.",
      {
        type: "words",
        default: "the image's",
      },
    ),
    command: key(words("expected a list of words or a text"), "The words of the command.", {
      type: "words",
      placeholders: ["folders"],
    }),
    network: key(
      choice(["none", "bridge"], "expected none or bridge").default("none"),
      "The network it sees.",
      { type: "none or bridge" },
    ),
  },
  "expected a mapping such as {image: python:3.14, command: [python, plot.py]}",
);

const STEP = "expected one step: video, tiles, sheet or command";

export const finish = z.array(
  strict(
    {
      video: key(video.optional(), "Joins one frame of each point to a video.", {
        type: "mapping",
      }),
      tiles: key(tiles.optional(), "Joins the tiles of pictures.", { type: "mapping" }),
      sheet: key(sheet.optional(), "Makes a contact sheet of pictures.", { type: "mapping" }),
      command: key(
        command.optional(),
        "Runs a program over the run folder, in the points' sandbox.",
        {
          type: "mapping",
        },
      ),
    },
    STEP,
  )
    .refine((step) => Object.keys(step).length === 1, {
      error: STEP,
      // An unknown key is told as such.
      when: ({ issues }) => issues.length === 0,
    })
    .meta({ minProperties: 1, maxProperties: 1 }),
  { error: "expected a list of steps" },
);
