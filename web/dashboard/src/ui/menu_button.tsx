/** A button that opens a menu. The menu's code is loaded when a pointer or the focus reaches the first such button. */
import { lazy, type ReactNode, Suspense, useRef, useState } from "react";
import { Button as AriaButton, type PopoverProps } from "react-aria-components";

export const loadMenu = () => import("./menu_popover");
export const MenuPopover = lazy(loadMenu);

/** A menu that closes moves the focus a picture later. */
const RETURN_MILLISECONDS = 60;

export interface MenuEntry {
  id: string;
  text: string;
  /** Shown instead of the text. */
  label?: ReactNode;
  /** Shown at the end of the line. */
  end?: string | undefined;
  isDimmed?: boolean;
  href?: string;
  target?: string;
  onAction?(): void;
}

/** Entries to choose from, or, without `onChoose`, actions. */
export interface MenuGroup {
  id: string;
  title?: string;
  entries: readonly MenuEntry[];
  chosen?: readonly string[];
  isMultiple?: boolean;
  onChoose?(ids: readonly string[]): void;
}

interface Props {
  className: string;
  label: string;
  placement: NonNullable<PopoverProps["placement"]>;
  groups(): readonly MenuGroup[];
  /** It is open when it appears. */
  startsOpen?: boolean;
  children: ReactNode;
}

export function MenuButton({ className, label, placement, groups, startsOpen = false, children }: Props) {
  const button = useRef<HTMLButtonElement>(null);
  const [isOpen, setOpen] = useState(startsOpen);
  const close = () => {
    setOpen(false);
    // What was open before it, such as the menu from which this button was added, has no focus to return.
    if (startsOpen) setTimeout(() => document.activeElement === document.body && button.current?.focus(), RETURN_MILLISECONDS);
  };
  return (
    <>
      <AriaButton
        ref={button}
        className={className}
        aria-haspopup="menu"
        aria-expanded={isOpen}
        onHoverStart={() => void loadMenu()}
        onFocus={() => void loadMenu()}
        onPress={() => setOpen(true)}
        // Other keys are those of the page.
        onKeyDown={(event) => (event.key === "ArrowDown" ? setOpen(true) : event.continuePropagation())}
      >
        {children}
      </AriaButton>
      {isOpen && (
        <Suspense>
          <MenuPopover label={label} placement={placement} groups={groups()} triggerRef={button} onClose={close} />
        </Suspense>
      )}
    </>
  );
}
