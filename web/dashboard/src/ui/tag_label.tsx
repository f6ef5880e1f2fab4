/** A tag: its name on its colour. */
import type { TagColor } from "../gql/graphql";
import "./chips.css";

export interface LabelledTag {
  id: string;
  name: string;
  color: TagColor;
}

export function TagLabel({ tag }: { tag: LabelledTag }) {
  return (
    <span className={`tag tag-${tag.color}`} title={tag.name}>
      <span>{tag.name}</span>
    </span>
  );
}
