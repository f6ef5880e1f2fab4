/** The viewer: the administrator who is signed in, with permissions and partner. */
import { createContext, useContext } from "react";
import { graphql } from "../gql";
import type { Permission, ViewerQuery } from "../gql/graphql";

export const VIEWER = graphql(`
  query Viewer {
    viewer {
      administrator { id displayName email role seesAllCustomers }
      permissions
      partner {
        id
        name
        settings { expiringSoonDays noRecentActivityDays trialDays version }
        setup { state nextStep { key title } }
      }
    }
  }
`);

export type Viewer = ViewerQuery["viewer"];

export const ViewerContext = createContext<Viewer | null>(null);

export function useViewer(): Viewer {
  const viewer = useContext(ViewerContext);
  if (!viewer) throw new Error("No viewer: this component is used outside the signed-in pages.");
  return viewer;
}

/** Whether the viewer's role has the permission. What it does not have is not shown. */
export function usePermission(permission: Permission): boolean {
  return useViewer().permissions.includes(permission);
}
