// mongo-java-server as tools/with_mongo.sh starts it: FILE PORT TLS_PORT KEY CERTIFICATE. What it has acknowledged is in its
// file and outlives kill -9; by itself it writes once a second. One command runs at a time, so that what is written is whole.
import de.bwaldvogel.mongo.MongoServer;
import de.bwaldvogel.mongo.backend.QueryResult;
import de.bwaldvogel.mongo.backend.h2.H2Backend;
import de.bwaldvogel.mongo.bson.Document;
import de.bwaldvogel.mongo.wire.message.MongoMessage;
import de.bwaldvogel.mongo.wire.message.MongoQuery;
import io.netty.channel.Channel;
import java.io.FileInputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import org.h2.mvstore.MVStore;

class Durable extends H2Backend {
  Durable(String file) {
    super(new MVStore.Builder().fileName(file).autoCommitDisabled().open());
  }

  @Override
  public synchronized Document handleMessage(MongoMessage message) {
    try {
      return super.handleMessage(message);
    } finally {
      commit();
    }
  }

  @Override
  public synchronized QueryResult handleQuery(MongoQuery query) {
    try {
      return super.handleQuery(query);
    } finally {
      commit();
    }
  }

  @Override
  public synchronized Document handleCommand(Channel channel, String database, String command, Document query) {
    try {
      return super.handleCommand(channel, database, command, query);
    } finally {
      commit();
    }
  }
}

class Serve {
  public static void main(String[] arguments) throws Exception {
    var backend = new Durable(arguments[0]);
    var secured = new MongoServer(backend);
    secured.enableSsl(key(arguments[3]), null, certificate(arguments[4]));
    secured.bind("127.0.0.1", Integer.parseInt(arguments[2]));
    new MongoServer(backend).bind("127.0.0.1", Integer.parseInt(arguments[1]));
  }

  static PrivateKey key(String file) throws Exception {
    var text = Files.readString(Path.of(file)).replaceAll("-----[^-]*-----|\\s", "");
    return KeyFactory.getInstance("RSA").generatePrivate(new PKCS8EncodedKeySpec(Base64.getDecoder().decode(text)));
  }

  static X509Certificate certificate(String file) throws Exception {
    try (var in = new FileInputStream(file)) {
      return (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(in);
    }
  }
}
