// java JavaClient.java URL TOKEN: a query and a mutation with Java's own HTTP client, as it is by default. It offers
// HTTP/2 in its first request. Prints the body of each response.
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;

public class JavaClient {
  public static void main(String[] arguments) throws Exception {
    HttpClient client = HttpClient.newHttpClient();
    String[] bodies = {
      "{\"query\":\"{ viewer { administrator { email } } customers { totalCount } }\"}",
      "{\"query\":\"mutation($n: String!) { createTag(input: {name: $n}) { tag { name } } }\",\"variables\":{\"n\":\"Java "
          + "x".repeat(20) + "\"}}",
      "{\"query\":\"{ missing }\"}",
    };
    for (String body : bodies) {
      HttpRequest request = HttpRequest.newBuilder(URI.create(arguments[0] + "/graphql"))
          .header("Authorization", "Bearer " + arguments[1])
          .header("Content-Type", "application/json")
          .POST(HttpRequest.BodyPublishers.ofString(body))
          .build();
      System.out.println(client.send(request, BodyHandlers.ofString()).body());
    }
  }
}
