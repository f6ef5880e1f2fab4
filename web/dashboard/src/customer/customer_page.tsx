/** One customer. */
export default function CustomerPage() {
  return null;
}
