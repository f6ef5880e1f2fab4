/** The application: signed out it shows the sign-in; signed in, the frame with the page of the address. */
import { lazy, Suspense, useEffect, useMemo, useState } from "react";
import { I18nProvider, RouterProvider } from "react-aria-components";
import { useTranslation } from "react-i18next";
import { Provider as ApiProvider, useQuery } from "urql";
import { useLocation } from "wouter";
import { type Api, createApi } from "./api/api";
import { FeedContext } from "./api/feeds";
import { Frame } from "./frame/frame";
import { FrameSkeleton } from "./frame/frame_skeleton";
import { Pages } from "./pages";
import { completeSignIn } from "./session/sign_in";
import { currentToken, findToken, keepToken, onToken } from "../../session/token";
import { VIEWER, ViewerContext } from "./session/viewer";
import { currentLanguage } from "./texts/texts";
import { Failure } from "./ui/failure";

const SignInPage = lazy(() => import("./session/sign_in_page"));

interface Session {
  /** Undefined until it is known whether somebody is signed in. */
  token?: string;
  problem?: string;
}

/** Completes a sign-in or finds the token of another tab; resolves to what went wrong. */
async function openSession(): Promise<string> {
  const completed = await completeSignIn();
  if (completed?.token) keepToken(completed.token);
  await findToken();
  return completed?.problem ?? "";
}

// A code can be exchanged once, so this starts with the page and not with a component.
const opened = openSession();

function useSession(): Session {
  const [session, setSession] = useState<Session>({});
  useEffect(() => {
    let isCurrent = true;
    // The token of now: a slow page listens only after the answer of another tab has come.
    void opened.then((problem) => isCurrent && setSession({ token: currentToken(), problem }));
    const stop = onToken((token) => setSession({ token }));
    return () => {
      isCurrent = false;
      stop();
    };
  }, []);
  return session;
}

export function App() {
  const { i18n } = useTranslation();
  const session = useSession();
  return (
    <I18nProvider locale={i18n.language}>
        <Routed>
          <Suspense fallback={<FrameSkeleton />}>
            {session.token === undefined && <FrameSkeleton />}
            {session.token === "" && <SignInPage problem={session.problem ?? ""} />}
            {session.token && <SignedIn key={session.token} />}
          </Suspense>
        </Routed>
    </I18nProvider>
  );
}

/** Lets the links of the component set navigate without a reload. */
function Routed({ children }: { children: React.ReactNode }) {
  const [, navigate] = useLocation();
  return <RouterProvider navigate={navigate}>{children}</RouterProvider>;
}

function SignedIn() {
  const api = useMemo(() => createApi(currentLanguage), []);
  useEffect(() => () => api.close(), [api]);
  return (
    <ApiProvider value={api.client}>
      <FeedContext.Provider value={api.feed}>
        <ViewerPages api={api} />
      </FeedContext.Provider>
    </ApiProvider>
  );
}

function ViewerPages({ api }: { api: Api }) {
  const [{ data, error }, retry] = useQuery({ query: VIEWER });
  if (error && !data) return <Failure error={error} onRetry={() => retry({ requestPolicy: "network-only" })} />;
  if (!data) return <FrameSkeleton />;
  return (
    <ViewerContext.Provider value={data.viewer}>
      <Frame feed={api.feed}>
        <Pages />
      </Frame>
    </ViewerContext.Provider>
  );
}
