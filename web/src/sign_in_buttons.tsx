/** The button to sign in (also after a token has expired) or out; there is none where the server names no issuer. */
import { useEffect, useState } from "react";
import { completeSignIn, hasReturned, manager, signOut } from "./sign_in";

interface Props {
  isSignedIn: boolean;
  onToken(token: string): void;
}

/** A code can be exchanged once, so this starts with the page and not with a component. */
const returned = manager && hasReturned() ? completeSignIn(manager) : undefined;

export function SignInButtons({ isSignedIn, onToken }: Props) {
  const [problem, setProblem] = useState("");
  useEffect(() => {
    void returned?.then(({ token, problem }) => {
      if (token) onToken(token);
      setProblem(problem);
    });
  }, [onToken]);
  if (!manager) return null;
  const start = () => {
    setProblem("");
    manager?.signinRedirect().catch(() => setProblem("The issuer cannot be reached."));
  };
  const end = () => {
    onToken("");
    if (manager) void signOut(manager);
  };
  const main = isSignedIn ? "" : "bar-button-main";
  return (
    <>
      <button type="button" className={`bar-button ${main}`} onClick={isSignedIn ? end : start}>
        {isSignedIn ? "Sign out" : "Sign in"}
      </button>
      {problem && (
        <span className="sign-in-problem" role="alert">
          {problem}
        </span>
      )}
    </>
  );
}
