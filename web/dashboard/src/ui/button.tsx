/** A button: primary for the one main action, quiet for those beside it, danger for what cannot be undone. */
import { Button as AriaButton, type ButtonProps } from "react-aria-components";

type Kind = "primary" | "default" | "quiet" | "danger";

export function Button({ kind = "default", className = "", ...rest }: ButtonProps & { kind?: Kind; className?: string }) {
  return <AriaButton className={`button button-${kind} ${className}`} {...rest} />;
}
