/** Reading again what no feed follows, while somebody can see it. */
import { useEffect } from "react";

export function useReadAgain(read: () => void, milliseconds: number, isActive = true): void {
  useEffect(() => {
    if (!isActive) return;
    const readIfVisible = () => document.visibilityState === "visible" && read();
    const timer = setInterval(readIfVisible, milliseconds);
    document.addEventListener("visibilitychange", readIfVisible);
    return () => {
      clearInterval(timer);
      document.removeEventListener("visibilitychange", readIfVisible);
    };
  }, [read, milliseconds, isActive]);
}
