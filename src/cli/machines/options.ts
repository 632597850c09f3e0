import { Argument, Option } from "@commander-js/extra-typings";
import { PROVIDERS } from "../machine-options.ts";

/** From whom; what there is besides is asked of all whose token is set. */
export const providerOption = () =>
  new Option("--provider <name>", "of this provider only").choices(PROVIDERS);

/** The same for what is about one provider. */
export const requiredProviderOption = () =>
  new Option("--provider <name>", "from whom").choices(PROVIDERS).makeOptionMandatory();

export const machineArgument = () =>
  new Argument(
    "<machine>",
    "its name, as `machines ls` shows it; one of several is NAME-1, NAME-2, …",
  );

export const machinesArgument = () =>
  new Argument("<machine...>", "names, as `machines ls` shows them");

export const forceOption = (what: string) => new Option("-f, --force", what);
